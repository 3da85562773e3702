"""Where Django settings are, and what is written there."""

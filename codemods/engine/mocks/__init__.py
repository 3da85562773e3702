"""Which name a mock replaces, and what a test does with it."""

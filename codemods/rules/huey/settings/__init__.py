"""Rules for settings modules."""

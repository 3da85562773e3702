"""Rules for task definitions."""

"""Rules for Huey."""

"""Rules for tests."""

"""Rules for periodic tasks."""

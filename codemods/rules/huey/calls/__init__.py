"""Rules for the places that use a task."""

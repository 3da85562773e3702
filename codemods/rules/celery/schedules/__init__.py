"""Beat's schedules, listed in a file that a scheduler can read later."""

"""Schedules as far as code shows them, and the file that lists them."""

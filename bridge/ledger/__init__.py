"""The one table with a row per task, whatever carries it, and its only writer."""

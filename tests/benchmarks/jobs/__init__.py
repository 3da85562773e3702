"""The tasks of the bench, declared once per library: one that does nothing, one that reports."""

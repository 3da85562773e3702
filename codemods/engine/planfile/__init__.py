"""A plan as a file that people review: its document, its figures, and how it is applied."""

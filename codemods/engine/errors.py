"""What stops a run with a message rather than a traceback."""

from __future__ import annotations


class Unusable(Exception):
    """What was asked for cannot be done; the text says why and what to do."""

"""The logger of a task."""

from __future__ import annotations

import logging


def get_task_logger(name: str) -> logging.Logger:
    """Return the logger of a module; it follows LOGGING like any other."""
    return logging.getLogger(name)

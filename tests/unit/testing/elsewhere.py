"""A module that has imported tasks by name."""

from __future__ import annotations

from typing import Any

from tests.app.tasks import add
from tests.unit.testing.plain import add as plain_add

TASKS: dict[str, Any] = {"ours": add, "plain": plain_add}


def enqueue(which: str) -> Any:
    """Enqueue a task under another name than that of its module."""
    return TASKS[which].using(priority=3).enqueue(1, b=2)

"""Tasks of Django's own class: frozen, and without a place to put anything."""

from __future__ import annotations

from collections.abc import Callable

from bridge.interface import DjangoTask, P, R


def plain(func: Callable[P, R]) -> DjangoTask[P, R]:
    """Declare a task as django.tasks.task() does for a backend of somebody else's."""
    return DjangoTask(
        func=func, priority=0, backend="default", queue_name="default", run_after=None
    )


@plain
def add(a: int, b: int) -> int:
    return a + b


@plain
def subtract(a: int, b: int) -> int:
    return a - b

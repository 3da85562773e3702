"""Whether somebody expects messages before the commit: no broker takes one back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core import checks

from bridge.checks.kinds import NEVER_AT_ONCE

if TYPE_CHECKING:
    from bridge.base import Task
    from compat.celery.backend import CeleryBackend


def check_setting(backend: CeleryBackend) -> Iterator[checks.CheckMessage]:
    """Yield a warning when the setting of a backend says no to enqueueing on commit."""
    if backend.params.get("ENQUEUE_ON_COMMIT") is False:
        yield _warning(f"ENQUEUE_ON_COMMIT of TASKS[{backend.alias!r}]")


def check_policy(task: Task[..., Any]) -> Iterator[checks.CheckMessage]:
    """Yield a warning when a task says no to it."""
    if task.enqueue_on_commit is False:
        yield _warning(f"enqueue_on_commit of task {task.module_path!r}")


def _warning(place: str) -> checks.CheckMessage:
    return NEVER_AT_ONCE(f"{place} is False, and a message to Celery always waits for the commit.")

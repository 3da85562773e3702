"""Whether somebody expects messages before the commit: no queue takes one back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core import checks

from bridge.checks.kinds import NEVER_AT_ONCE

if TYPE_CHECKING:
    from bridge.backends.carried import CarriedBackend
    from bridge.base import Task


def check_setting(backend: CarriedBackend) -> Iterator[checks.CheckMessage]:
    """Yield a warning when the setting of a backend says no to enqueueing on commit."""
    if backend.params.get("ENQUEUE_ON_COMMIT") is False:
        yield _warning(f"ENQUEUE_ON_COMMIT of TASKS[{backend.alias!r}]", backend.carrier)


def check_policy(backend: CarriedBackend, task: Task[..., Any]) -> Iterator[checks.CheckMessage]:
    """Yield a warning when a task says no to it."""
    if task.enqueue_on_commit is False:
        yield _warning(f"enqueue_on_commit of task {task.module_path!r}", backend.carrier)


def _warning(place: str, carrier: str) -> checks.CheckMessage:
    return NEVER_AT_ONCE(
        f"{place} is False, and a message to {carrier} always waits for the commit."
    )

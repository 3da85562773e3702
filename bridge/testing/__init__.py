"""Tasks in tests: run what is pending, see what was enqueued, stand in for enqueue()."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.testing.capture import (
        CapturedTasks,
        assert_enqueued,
        assert_not_enqueued,
        capture_tasks,
    )
    from bridge.testing.cases import TaskTestCase, TaskTestMixin
    from bridge.testing.patching import patch_enqueue
    from bridge.testing.running import arun_pending_tasks, run_pending_tasks
    from bridge.testing.settings import override_tasks

# Strings, because pytest imports this package in every run, also where no Django project is.
_HOMES = {
    "CapturedTasks": "bridge.testing.capture",
    "TaskTestCase": "bridge.testing.cases",
    "TaskTestMixin": "bridge.testing.cases",
    "arun_pending_tasks": "bridge.testing.running",
    "assert_enqueued": "bridge.testing.capture",
    "assert_not_enqueued": "bridge.testing.capture",
    "capture_tasks": "bridge.testing.capture",
    "override_tasks": "bridge.testing.settings",
    "patch_enqueue": "bridge.testing.patching",
    "run_pending_tasks": "bridge.testing.running",
}

__all__ = [
    "CapturedTasks",
    "TaskTestCase",
    "TaskTestMixin",
    "arun_pending_tasks",
    "assert_enqueued",
    "assert_not_enqueued",
    "capture_tasks",
    "override_tasks",
    "patch_enqueue",
    "run_pending_tasks",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value

"""Fixtures for tests with tasks, which pytest finds by itself."""

# pytest imports this in every run, also without Django settings: the rest is imported when used.

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bridge.interface import AnyDjangoResult
    from bridge.testing.capture import CapturedTasks


@pytest.fixture
def task_capture() -> Iterator[CapturedTasks]:
    """What this test enqueues: `task_capture.assert_enqueued(task, args=[1])`."""
    from bridge.testing.capture import capture_tasks

    with capture_tasks() as captured:
        yield captured


@pytest.fixture
def run_tasks() -> Callable[..., list[AnyDjangoResult]]:
    """`run_pending_tasks()` of bridge.testing."""
    from bridge.testing.running import run_pending_tasks

    return run_pending_tasks


@pytest.fixture
def immediate_tasks() -> Iterator[None]:
    """Let tasks run inside enqueue(), which raises what they raise."""
    from bridge.testing.settings import override_tasks

    with override_tasks("bridge.ImmediateBackend", PROPAGATE=True):
        yield


@pytest.fixture
def dummy_tasks() -> Iterator[None]:
    """Keep tasks in memory, without a database, until `run_tasks()`."""
    from bridge.testing.settings import override_tasks

    with override_tasks("bridge.DummyBackend"):
        yield


@pytest.fixture
def patch_enqueue() -> Iterator[Callable[..., Any]]:
    """`patch_enqueue("app.tasks.x")` returns the mock that is called until the end of the test."""
    from bridge.testing.patching import patch_enqueue

    with ExitStack() as stack:
        yield lambda task, **options: stack.enter_context(patch_enqueue(task, **options))

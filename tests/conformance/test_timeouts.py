"""Soft timeouts: the task fails, or runs again when its policy says so."""

from __future__ import annotations

from typing import Any

import pytest

from bridge import TaskTimeout
from bridge.interface import TaskResultStatus
from tests.app import overruns, tasks
from tests.conformance.harness import Harness

pytestmark = [pytest.mark.needs("executes"), pytest.mark.timeout(50)]


def finished(harness: Harness, result: Any) -> Any:
    """Let the backend work until the task has ended, and return the result as it is then."""
    harness.work()
    if harness.backend.supports_get_result:
        result.refresh()
    return result


def test_function_is_interrupted(harness: Harness) -> None:
    result = finished(harness, overruns.spin.enqueue("x"))

    assert result.status == TaskResultStatus.FAILED
    assert [error.exception_class for error in result.errors] == [TaskTimeout]
    assert "timeout of 0.3 s" in result.errors[0].traceback


@pytest.mark.needs("supports_async_task")
def test_coroutine_is_interrupted(harness: Harness) -> None:
    result = finished(harness, tasks.too_slow_later.enqueue())

    assert result.status == TaskResultStatus.FAILED
    assert [error.exception_class for error in result.errors] == [TaskTimeout]


def test_timeout_is_retried_when_the_policy_says_so(harness: Harness) -> None:
    result = finished(harness, overruns.slow_at_first.enqueue("x"))

    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, 2)
    assert [error.exception_class for error in result.errors] == [TaskTimeout]

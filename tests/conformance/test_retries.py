"""Retries: what is kept of every attempt, and what bounds them."""

from __future__ import annotations

import pytest

from bridge.interface import TaskResultStatus
from bridge.result import AnyResult
from tests.app import retries
from tests.conformance.harness import Harness

pytestmark = pytest.mark.needs("executes")


def finished(harness: Harness, result: AnyResult) -> AnyResult:
    """Let the backend work until the task has ended, and return the result as it is then."""
    harness.work()
    if harness.backend.supports_get_result:
        result.refresh()
    return result


def test_every_attempt_and_its_error_is_kept_in_order(harness: Harness) -> None:
    result = finished(harness, retries.fail_in_three_ways.enqueue())

    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, 4)
    assert (result.attempts, len(result.worker_ids)) == (4, 4)
    assert [error.exception_class for error in result.errors] == list(retries.ERRORS)
    for number, error in enumerate(result.errors, start=1):
        assert f"attempt {number}" in error.traceback
        assert "in fail_in_three_ways" in error.traceback


def test_error_that_is_never_retried_ends_the_attempts(harness: Harness) -> None:
    result = finished(harness, retries.fail_until_never.enqueue())

    assert result.status == TaskResultStatus.FAILED
    assert [error.exception_class for error in result.errors] == [ConnectionError, TimeoutError]

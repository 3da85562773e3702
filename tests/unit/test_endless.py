"""Tasks that always ask for another attempt, where nobody waits between two of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from bridge import MaxAttemptsExceeded
from bridge.backends.endless import MOST_ATTEMPTS
from bridge.interface import TaskResultStatus
from tests.app import retries

pytestmark = pytest.mark.timeout(60)


def immediate(**options: Any) -> Any:
    return override_settings(
        TASKS={"default": {"BACKEND": "bridge.ImmediateBackend", "OPTIONS": options}}
    )


@pytest.mark.parametrize(
    ("task", "cause"), [(retries.always_fail, "ConnectionError: again"), (retries.always_ask, "")]
)
def test_task_without_a_bound_ends_with_an_error_that_says_why(task: Any, cause: str) -> None:
    with immediate():
        result = task.enqueue()

    assert (result.status, result.attempts) == (TaskResultStatus.FAILED, MOST_ATTEMPTS)
    assert len(result.errors) == MOST_ATTEMPTS
    final = result.errors[-1]
    assert final.exception_class is MaxAttemptsExceeded
    assert f"tests.app.retries.{task.name} asked for another attempt" in final.traceback
    assert cause in final.traceback


def test_its_error_reaches_the_caller_who_wants_it() -> None:
    with immediate(PROPAGATE=True), pytest.raises(MaxAttemptsExceeded, match="max_attempts"):
        retries.always_fail.enqueue()

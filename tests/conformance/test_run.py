"""Running: outcomes, context, retries, signals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from bridge.interface import TaskResultStatus, task_finished, task_started
from bridge.result import AnyResult
from tests.app import tasks
from tests.app.models import Run
from tests.conformance.harness import Harness

pytestmark = pytest.mark.needs("executes")


def finished(harness: Harness, result: AnyResult) -> AnyResult:
    """Let the backend work and return the result as it is then."""
    harness.work()
    if harness.backend.supports_get_result:
        result.refresh()
    return result


@pytest.fixture
def signals() -> Iterator[list[tuple[str, type, str, str]]]:
    """Record the signals of execution as (name, sender, id, status)."""
    received: list[tuple[str, type, str, str]] = []

    def on_start(sender: type, task_result: AnyResult, **kwargs: Any) -> None:
        received.append(("started", sender, task_result.id, task_result.status))

    def on_finish(sender: type, task_result: AnyResult, **kwargs: Any) -> None:
        received.append(("finished", sender, task_result.id, task_result.status))

    task_started.connect(on_start)
    task_finished.connect(on_finish)
    yield received
    task_started.disconnect(on_start)
    task_finished.disconnect(on_finish)


def test_return_value_is_kept(harness: Harness) -> None:
    result = finished(harness, tasks.add.enqueue(1, b=2))

    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.is_finished
    assert result.return_value == 3
    assert result.errors == []


def test_times_are_true_and_in_order(harness: Harness) -> None:
    before = timezone.now()
    result = finished(harness, tasks.add.enqueue(1, 2))
    times = [
        before,
        result.enqueued_at,
        result.started_at,
        result.last_attempted_at,
        result.finished_at,
        timezone.now(),
    ]

    assert times == sorted(times)  # type: ignore[type-var]


def test_attempts_and_worker_ids_are_counted(harness: Harness) -> None:
    result = finished(harness, tasks.add.enqueue(1, 2))

    assert result.attempts == 1
    assert len(result.worker_ids) == 1


def test_exception_fails_the_task_with_class_and_traceback(harness: Harness) -> None:
    result = finished(harness, tasks.fail.enqueue("broken on purpose"))

    assert result.status == TaskResultStatus.FAILED
    (error,) = result.errors
    assert error.exception_class is ValueError
    assert "ValueError: broken on purpose" in error.traceback
    assert "in fail" in error.traceback
    with pytest.raises(ValueError, match="Task failed"):
        result.return_value  # noqa: B018


@pytest.mark.needs("supports_async_task")
def test_coroutine_runs(harness: Harness) -> None:
    assert finished(harness, tasks.add_later.enqueue(1, 2)).return_value == 3


def test_context_comes_first_and_knows_the_attempt(harness: Harness) -> None:
    assert finished(harness, tasks.attempt_number.enqueue(10)).return_value == 11


def test_return_value_that_cannot_be_stored_fails_the_task(harness: Harness) -> None:
    result = finished(harness, tasks.not_storable.enqueue())

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class_path == "bridge.exceptions.UnstorableValue"


def test_error_in_a_retry_policy_fails_the_task(harness: Harness) -> None:
    result = finished(harness, tasks.breaks_its_policy.enqueue())

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is ZeroDivisionError
    assert "LookupError: first" in result.errors[0].traceback


@pytest.mark.needs("supports_get_result")
def test_body_that_leaves_a_transaction_open_fails_and_the_worker_goes_on(
    harness: Harness,
) -> None:
    result = tasks.leaves_transaction_open.enqueue("lost")
    following = tasks.note.enqueue("next")

    assert finished(harness, result).status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class_path == "bridge.exceptions.TransactionLeftOpen"
    assert list(Run.objects.values_list("name", flat=True)) == ["next"]
    following.refresh()
    assert following.status == TaskResultStatus.SUCCESSFUL


def test_retry_policy_runs_again_and_keeps_every_error(harness: Harness) -> None:
    result = finished(harness, tasks.unreachable.enqueue("host"))

    assert Run.objects.filter(name="host").count() == 3
    assert result.status == TaskResultStatus.FAILED
    assert result.attempts == 3
    assert [error.exception_class for error in result.errors] == [ConnectionError] * 3


def test_raised_retry_runs_again_and_succeeds(harness: Harness) -> None:
    result = finished(harness, tasks.second_time_lucky.enqueue())

    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.return_value == 2
    assert [error.exception_class for error in result.errors] == [LookupError]


def test_raised_retry_without_attempts_left_fails_with_its_cause(harness: Harness) -> None:
    result = finished(harness, tasks.never_lucky.enqueue())

    assert result.status == TaskResultStatus.FAILED
    assert result.attempts == 2
    assert result.errors[-1].exception_class is LookupError


@pytest.mark.needs("runs_here")
def test_signals_are_sent_once_per_attempt_and_once_at_the_end(
    harness: Harness, signals: list[tuple[str, type, str, str]]
) -> None:
    result = finished(harness, tasks.unreachable.enqueue("host"))

    backend = type(harness.backend)
    assert signals == [
        ("started", backend, result.id, "RUNNING"),
        ("started", backend, result.id, "RUNNING"),
        ("started", backend, result.id, "RUNNING"),
        ("finished", backend, result.id, "FAILED"),
    ]


@pytest.mark.needs("runs_here")
def test_failing_receiver_does_not_fail_the_task(harness: Harness) -> None:
    def receiver(**kwargs: Any) -> None:
        raise RuntimeError("receiver")

    task_started.connect(receiver)
    try:
        result = finished(harness, tasks.add.enqueue(1, 2))
    finally:
        task_started.disconnect(receiver)

    assert result.status == TaskResultStatus.SUCCESSFUL


def test_task_enqueued_by_a_task_runs(harness: Harness) -> None:
    tasks.fan_out.enqueue(3)
    while Run.objects.count() < 3:
        harness.work()

    assert set(Run.objects.values_list("name", flat=True)) == {"0", "1", "2"}


@pytest.mark.needs("supports_get_result", "supports_defer")
def test_run_after_in_the_future_is_not_run_yet(harness: Harness) -> None:
    result = tasks.add.using(run_after=dt.timedelta(hours=1)).enqueue(1, 2)

    finished(harness, result)

    assert result.status == TaskResultStatus.READY
    assert result.task.run_after is not None


@pytest.mark.needs("supports_get_result")
def test_unfinished_result_has_no_return_value(harness: Harness) -> None:
    result = tasks.add.enqueue(1, 2)

    assert result.status == TaskResultStatus.READY
    assert not result.is_finished
    with pytest.raises(ValueError, match="not finished"):
        result.return_value  # noqa: B018

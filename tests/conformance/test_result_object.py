"""TaskResult, TaskError and TaskContext: what they tell, and that they cannot be changed."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import pickle

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from bridge.interface import TaskError, TaskResultMismatch, TaskResultStatus
from tests.app import promises, tasks
from tests.conformance.harness import Harness, finished


def test_new_result_is_ready_and_says_nothing_more(harness: Harness) -> None:
    if harness.runs_at_once:
        pytest.skip("the task has run when enqueue() returns")
    result = tasks.add.using(queue_name="mail").enqueue(1, 2)

    assert result.status == TaskResultStatus.READY
    assert result.task.queue_name == "mail"
    assert (result.started_at, result.last_attempted_at, result.finished_at) == (None, None, None)
    assert (result.errors, result.worker_ids, result.attempts) == ([], [], 0)
    assert result.is_finished is False


def test_statuses_are_djangos_four() -> None:
    assert TaskResultStatus.names == ["READY", "RUNNING", "FAILED", "SUCCESSFUL"]


@pytest.mark.parametrize("name", ["task", "id", "status", "enqueued_at", "args", "errors"])
def test_attributes_cannot_be_changed(harness: Harness, name: str) -> None:
    result = tasks.add.enqueue(1, 2)

    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(result, name, None)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_copies_are_equal(harness: Harness, duplicate) -> None:  # type: ignore[no-untyped-def]
    result = tasks.add.using(priority=3).enqueue(1, b=2)

    assert duplicate(result) == result


def test_id_is_a_short_text(harness: Harness) -> None:
    result = tasks.add.enqueue(1, 2)

    assert isinstance(result.id, str)
    assert 0 < len(result.id) < 64


@pytest.mark.needs("supports_get_result")
def test_task_asked_for_a_result_of_another_refuses_asynchronously_too(harness: Harness) -> None:
    result = tasks.add.enqueue(1, 2)

    with pytest.raises(TaskResultMismatch):
        async_to_sync(tasks.fail.aget_result)(result.id)


@pytest.mark.needs("supports_get_result")
def test_task_made_by_using_finds_results_of_the_task(harness: Harness) -> None:
    result = tasks.add.using(queue_name="mail").enqueue(1, 2)

    assert tasks.add.using(priority=50).get_result(result.id) == result


@pytest.mark.needs("executes", "supports_get_result")
def test_result_shows_what_it_showed_until_it_is_refreshed(harness: Harness) -> None:
    first = tasks.add.enqueue(1, 2)
    second = tasks.add.get_result(first.id)

    harness.work()

    for result in (first, second):
        with pytest.raises(ValueError, match="Task has not finished yet"):
            result.return_value  # noqa: B018
    async_to_sync(second.arefresh)()
    assert second.return_value == 3
    assert second.finished_at is not None
    assert second.attempts == 1


@pytest.mark.needs("executes")
def test_failed_result_has_no_return_value(harness: Harness) -> None:
    result = finished(harness, tasks.fail.enqueue("on purpose"))

    assert result.is_finished
    with pytest.raises(ValueError, match="Task failed"):
        result.return_value  # noqa: B018


@pytest.mark.needs("executes")
def test_error_tells_the_class_and_a_printable_traceback(harness: Harness) -> None:
    result = finished(harness, promises.fails_later.enqueue("on purpose"))

    (error,) = result.errors
    assert isinstance(error, TaskError)
    assert error.exception_class is LookupError
    assert error.exception_class_path == "builtins.LookupError"
    assert error.traceback.startswith("Traceback (most recent call last):")
    assert error.traceback.rstrip().endswith("LookupError: on purpose")


def test_class_of_an_error_must_be_an_exception_that_can_be_imported() -> None:
    with pytest.raises(ValueError, match="not reference a valid exception"):
        TaskError(exception_class_path="subprocess.run", traceback="").exception_class  # noqa: B018
    with pytest.raises(ImportError):
        TaskError(exception_class_path="no.such.Error", traceback="").exception_class  # noqa: B018


@pytest.mark.needs("executes")
def test_first_start_and_last_attempt_are_told_apart(harness: Harness) -> None:
    result = finished(harness, tasks.second_time_lucky.enqueue())

    assert result.attempts == 2
    assert len(result.worker_ids) == 2
    assert all(isinstance(worker, str) for worker in result.worker_ids)
    assert result.started_at < result.last_attempted_at <= result.finished_at  # type: ignore[operator]


@pytest.mark.needs("executes")
def test_context_tells_the_running_result_and_the_attempt(harness: Harness) -> None:
    result = finished(harness, promises.tells_its_context.enqueue())

    assert result.return_value == {
        "id": result.id,
        "status": "RUNNING",
        "attempt": 1,
        "path": "tests.app.promises.tells_its_context",
        "args": [],
    }


@pytest.mark.needs("executes")
def test_context_cannot_be_changed(harness: Harness) -> None:
    result = finished(harness, promises.tries_to_change_its_context.enqueue())

    assert result.errors[0].exception_class is dataclasses.FrozenInstanceError


@pytest.mark.needs("executes", "supports_defer")
@pytest.mark.parametrize(
    "when", [dt.timedelta(seconds=-1), "datetime"], ids=["timedelta", "datetime"]
)
def test_deferred_task_runs_once_its_time_has_come(harness: Harness, when) -> None:  # type: ignore[no-untyped-def]
    run_after = timezone.now() if when == "datetime" else when

    result = finished(harness, tasks.add.using(run_after=run_after).enqueue(1, 2))

    assert result.return_value == 3
    assert result.started_at >= result.task.run_after

"""Enqueueing: what is accepted, what is refused, what the caller gets."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from bridge import Task
from bridge.context import TaskContext
from bridge.interface import InvalidTask, TaskResultStatus, task_enqueued
from tests.app import tasks
from tests.conformance.harness import Harness


def test_enqueue_returns_a_result_with_the_arguments(harness: Harness) -> None:
    result = tasks.add.enqueue(1, b=2)

    assert (result.args, result.kwargs) == ([1], {"b": 2})
    assert result.task == tasks.add
    assert result.backend == "default"
    assert 0 < len(result.id) <= 64
    assert abs(timezone.now() - result.enqueued_at) < dt.timedelta(seconds=10)


def test_ids_differ(harness: Harness) -> None:
    assert tasks.add.enqueue(1, 2).id != tasks.add.enqueue(1, 2).id


def test_aenqueue_returns_a_result(harness: Harness) -> None:
    result = async_to_sync(tasks.add.aenqueue)(1, b=2)

    assert (result.args, result.kwargs) == ([1], {"b": 2})


def test_task_enqueued_is_sent_with_the_backend_class_and_the_result(harness: Harness) -> None:
    received = []

    def receiver(sender, task_result, **kwargs):  # type: ignore[no-untyped-def]
        received.append((sender, task_result.id))

    task_enqueued.connect(receiver)
    try:
        result = tasks.add.enqueue(1, 2)
    finally:
        task_enqueued.disconnect(receiver)

    assert received == [(type(harness.backend), result.id)]


@pytest.mark.parametrize(
    "value",
    [
        timezone.now(),
        uuid.UUID(int=1),
        Decimal("1.5"),
        {1, 2},
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_argument_that_is_not_json_raises_type_error(harness: Harness, value: object) -> None:
    with mock.patch.object(task_enqueued, "send") as send, pytest.raises(TypeError):
        tasks.note.enqueue(value)

    send.assert_not_called()


def test_tuples_become_lists_and_bytes_become_text(harness: Harness) -> None:
    result = tasks.add.enqueue((1, 2), b"text")

    assert result.args == [[1, 2], "text"]


def test_unknown_queue_is_invalid(harness: Harness) -> None:
    with pytest.raises(InvalidTask, match="'post' is not valid"):
        tasks.add.using(queue_name="post")


@pytest.mark.parametrize("priority", [-101, 101, 0.5])
def test_priority_out_of_range_is_invalid(harness: Harness, priority: float) -> None:
    with pytest.raises(InvalidTask):
        tasks.add.using(priority=priority)  # type: ignore[arg-type]


def test_naive_run_after_is_invalid(harness: Harness) -> None:
    with pytest.raises(InvalidTask):
        tasks.add.using(run_after=dt.datetime(2030, 1, 1))


def test_function_that_is_not_module_level_is_invalid(harness: Harness) -> None:
    def local() -> None: ...

    with pytest.raises(InvalidTask):
        Task(func=local)


def test_context_task_needs_a_context_parameter(harness: Harness) -> None:
    with pytest.raises(InvalidTask, match="context"):
        Task(func=tasks.add.func, takes_context=True)


@pytest.mark.needs("supports_defer")
def test_timedelta_run_after_counts_from_now(harness: Harness) -> None:
    task = tasks.add.using(run_after=dt.timedelta(minutes=5))

    left = task.run_after - timezone.now()  # type: ignore[operator]
    assert dt.timedelta(minutes=4, seconds=50) < left <= dt.timedelta(minutes=5)


def test_using_leaves_the_original_unchanged(harness: Harness) -> None:
    task = tasks.add.using(priority=10, queue_name="mail")

    assert (task.priority, task.queue_name) == (10, "mail")
    assert (tasks.add.priority, tasks.add.queue_name) == (0, "default")
    assert task.enqueue(1, 2).task.priority == 10


def test_calling_a_task_calls_the_function(harness: Harness) -> None:
    assert tasks.add(1, 2) == 3
    assert tasks.add.call(1, 2) == 3


def test_calling_a_task_that_takes_a_context_supplies_one(harness: Harness) -> None:
    assert tasks.attempt_number(10) == 11

    result = mock.Mock(attempts=4)
    assert tasks.attempt_number(TaskContext(task_result=result), 10) == 14


def test_patched_enqueue_sees_calls_through_using(harness: Harness) -> None:
    with mock.patch("tests.app.tasks.add.enqueue") as enqueue:
        tasks.add.using(priority=3).enqueue(1, 2)

    enqueue.assert_called_once_with(1, 2)
    assert tasks.add.enqueue(1, 2).status in TaskResultStatus

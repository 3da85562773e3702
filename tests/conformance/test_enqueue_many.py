"""Enqueueing many calls at once."""

from __future__ import annotations

from unittest import mock

import pytest
from asgiref.sync import async_to_sync

from bridge import Call
from bridge.interface import TaskResultStatus, task_enqueued
from tests.app import tasks
from tests.conformance.harness import Harness


def test_calls_of_every_form_give_results_in_their_order(harness: Harness) -> None:
    results = tasks.add.enqueue_many([(1, 2), [3, 4], {"a": 5, "b": 6}, Call(7, b=8)])

    assert [(result.args, result.kwargs) for result in results] == [
        ([1, 2], {}),
        ([3, 4], {}),
        ([], {"a": 5, "b": 6}),
        ([7], {"b": 8}),
    ]
    assert results.ids == [result.id for result in results]
    assert len(set(results.ids)) == 4
    assert {result.task for result in results} == {tasks.add}


def test_settings_of_using_hold_for_every_call(harness: Harness) -> None:
    results = tasks.add.using(queue_name="mail", priority=7).enqueue_many([(1, 2), (3, 4)])

    assert [(result.task.queue_name, result.task.priority) for result in results] == [
        ("mail", 7)
    ] * 2


def test_aenqueue_many_returns_results(harness: Harness) -> None:
    results = async_to_sync(tasks.add.aenqueue_many)([(1, 2), (3, 4)])

    assert [result.args for result in results] == [[1, 2], [3, 4]]


def test_every_call_is_announced_once_and_in_order(harness: Harness) -> None:
    received = []

    def receiver(sender, task_result, **kwargs):  # type: ignore[no-untyped-def]
        received.append((sender, task_result.id))

    task_enqueued.connect(receiver)
    try:
        results = tasks.add.enqueue_many([(1, 2), (3, 4), (5, 6)])
    finally:
        task_enqueued.disconnect(receiver)

    assert received == [(type(harness.backend), result_id) for result_id in results.ids]


@pytest.mark.parametrize("call", ["ab", 1, None, {1, 2}, {1: "a"}], ids=repr)
def test_what_is_not_a_call_is_named_with_its_place(harness: Harness, call: object) -> None:
    with pytest.raises(TypeError, match=r"A call is a tuple .* number 1 is "):
        tasks.add.enqueue_many([(1, 2), call])  # type: ignore[list-item]


def test_patched_enqueue_many_sees_calls_through_using(harness: Harness) -> None:
    with mock.patch("tests.app.tasks.add.enqueue_many") as enqueue_many:
        tasks.add.using(priority=3).enqueue_many([(1, 2)])

    enqueue_many.assert_called_once_with([(1, 2)])
    assert tasks.add.enqueue_many([(1, 2)])[0].status in TaskResultStatus


@pytest.mark.needs("executes", "supports_get_result")
def test_every_call_runs(harness: Harness) -> None:
    results = tasks.add.enqueue_many((number, 1) for number in range(5))

    harness.work()

    values = [tasks.add.get_result(result_id).return_value for result_id in results.ids]
    assert values == [1, 2, 3, 4, 5]

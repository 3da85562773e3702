"""What was enqueued: seen on any backend, asserted with messages that tell the difference."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.test import override_settings
from django.utils import timezone

from bridge.interface import BaseTaskBackend
from bridge.testing import assert_enqueued, assert_not_enqueued, capture_tasks, run_pending_tasks
from tests.app.tasks import add
from tests.unit.testing import tasks
from tests.unit.testing.backends import ALL, on

HOUR = dt.timedelta(hours=1)
DUMMY = {"default": {"BACKEND": "bridge.DummyBackend", "QUEUES": ["default", "mail"]}}
IMMEDIATE = {"default": {"BACKEND": "bridge.ImmediateBackend", "QUEUES": ["default", "mail"]}}


@on(*ALL, kinds=("TestCase",))
def test_every_backend_tells_what_it_enqueues(backend: BaseTaskBackend) -> None:
    add.enqueue(0, 0)
    with capture_tasks() as captured:
        add.enqueue(1, b=2)
        add.using(priority=3).enqueue_many([(3, 4), (5, 6)])
        async_to_sync(add.aenqueue)(7, 8)
    add.enqueue(9, 9)

    assert [result.args for result in captured] == [[1], [3, 4], [5, 6], [7, 8]]
    assert [result.task.priority for result in captured.of(add)] == [0, 3, 3, 0]
    assert captured[0].kwargs == {"b": 2}
    assert captured.of(tasks.note) == []


@override_settings(TASKS=IMMEDIATE)
def test_tasks_that_run_at_once_are_seen_too() -> None:
    with capture_tasks() as captured:
        add.enqueue(1, 2)

    captured.assert_enqueued(add, args=[1, 2], count=1)


@override_settings(TASKS=DUMMY)
def test_other_threads_are_seen_too() -> None:
    with capture_tasks() as captured:
        thread = threading.Thread(target=add.enqueue, args=(1, 2))
        thread.start()
        thread.join()

    assert len(captured) == 1


@override_settings(TASKS=DUMMY)
@pytest.mark.parametrize(
    "details",
    [
        {},
        {"args": [1, {"x": [2]}]},
        {"args": (1, {"x": (2,)})},
        {"args": (1, mock.ANY), "kwargs": {}},
        {"count": 1},
        {"queue_name": "mail"},
        {"priority": 7, "backend": "default"},
        {"run_after": HOUR},
    ],
)
def test_details_that_fit_are_found(details: dict[str, Any]) -> None:
    with capture_tasks() as captured:
        task = add.using(queue_name="mail", priority=7, run_after=timezone.now() + HOUR)
        result = task.enqueue(1, {"x": [2]})  # type: ignore[arg-type]

    (found,) = captured.assert_enqueued(add, **details)
    assert found.id == result.id
    details.pop("count", None)
    with pytest.raises(AssertionError, match=r"add.* was enqueued once:\n  tests.app.tasks.add\(1"):
        captured.assert_not_enqueued(add, **details)


@override_settings(TASKS=DUMMY)
def test_time_need_not_be_exact() -> None:
    with capture_tasks() as captured:
        result = add.using(run_after=HOUR).enqueue(1, 2)
    at = result.task.run_after
    assert at is not None

    captured.assert_enqueued(add, run_after=at + dt.timedelta(seconds=9))
    captured.assert_not_enqueued(add, run_after=at + dt.timedelta(seconds=11))


@override_settings(TASKS=DUMMY)
@pytest.mark.parametrize(
    ("details", "difference"),
    [
        ({"args": [1, 3]}, r"with args=\[1, 3\] was not .*\n    args is \[1, 2\]"),
        ({"args": []}, r"args is \[1, 2\]"),
        ({"kwargs": {"b": 2}}, r"kwargs is \{\}"),
        ({"queue_name": "mail"}, "queue_name is 'default'"),
        ({"priority": 7}, "priority is 0"),
        ({"backend": "other"}, "backend is 'default'"),
        ({"run_after": None}, "run_after is datetime.datetime"),
        ({"run_after": 2 * HOUR}, "run_after is datetime.datetime"),
        ({"count": 2}, "was enqueued once, not twice"),
        ({"count": 0}, "was enqueued once, not never"),
    ],
)
def test_details_that_differ_are_told(details: dict[str, Any], difference: str) -> None:
    with capture_tasks() as captured:
        add.using(run_after=HOUR).enqueue(1, 2)
        tasks.note.enqueue("x")

    with pytest.raises(AssertionError, match=f"(?s){difference}") as caught:
        captured.assert_enqueued(add, **details)

    assert "\n  tests.unit.testing.tasks.note('x')" in str(caught.value)
    if "count" not in details:
        captured.assert_not_enqueued(add, **details)


@override_settings(TASKS=DUMMY)
def test_wrong_name_of_a_detail_is_an_error() -> None:
    with capture_tasks() as captured:
        with pytest.raises(TypeError, match="'queue' is no detail of a call"):
            captured.assert_not_enqueued(add, queue="mail")  # type: ignore[call-arg]


@override_settings(TASKS=DUMMY)
def test_nothing_was_enqueued_at_all() -> None:
    with capture_tasks() as captured:
        captured.assert_not_enqueued()
        with pytest.raises(AssertionError, match="Nothing was enqueued"):
            captured.assert_enqueued(add)

        add.enqueue(1, 2)
        with pytest.raises(AssertionError, match="A task was enqueued once"):
            captured.assert_not_enqueued()


@override_settings(TASKS=DUMMY)
def test_functions_ask_the_innermost_capture() -> None:
    with pytest.raises(RuntimeError, match="with capture_tasks"):
        assert_enqueued(add)

    with capture_tasks() as outer:
        add.enqueue(1, 2)
        with capture_tasks():
            assert_not_enqueued(add)
        assert_enqueued(add, args=[1, 2])
    assert len(outer) == 1


@on("sqlite", "dummy", kinds=("TestCase",))
def test_task_that_waits_for_a_commit_is_hinted_at(backend: BaseTaskBackend) -> None:
    with capture_tasks() as captured:
        tasks.note_after_commit.enqueue("x")
        with pytest.raises(AssertionError, match="captureOnCommitCallbacks"):
            captured.assert_enqueued(tasks.note_after_commit)

        run_pending_tasks()
        captured.assert_enqueued(tasks.note_after_commit)
        with pytest.raises(AssertionError) as caught:
            captured.assert_enqueued(add)
        assert "captureOnCommitCallbacks" not in str(caught.value)

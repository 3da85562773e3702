"""patch_enqueue(): as mock.patch() on our tasks, also on Django's frozen ones."""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.test import override_settings

from bridge import Task
from bridge.exceptions import TaskNotFound
from bridge.interface import DjangoTask
from bridge.testing import capture_tasks, patch_enqueue
from tests.app import tasks
from tests.unit.testing import elsewhere, plain

PATHS = {"ours": "tests.app.tasks.add", "plain": "tests.unit.testing.plain.add"}
METHODS = ("enqueue", "aenqueue")
ORIGINAL = {(kind, name): getattr(kind, name) for kind in (Task, DjangoTask) for name in METHODS}


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Every test leaves the classes as they were."""
    with override_settings(TASKS={"default": {"BACKEND": "bridge.DummyBackend"}}):
        yield
    assert {key: getattr(*key) for key in ORIGINAL} == ORIGINAL


@pytest.fixture(params=["ours", "plain"])
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def task(which: str) -> Any:
    return elsewhere.TASKS[which]


def test_django_tasks_cannot_be_patched_in_place() -> None:
    with (
        pytest.raises((FrozenInstanceError, AttributeError, TypeError)),
        mock.patch("tests.unit.testing.plain.add.enqueue"),
    ):
        pass


def test_by_path_under_every_name(which: str) -> None:
    with capture_tasks() as captured, patch_enqueue(PATHS[which]) as enqueue:
        elsewhere.enqueue(which)

    enqueue.assert_called_once_with(1, b=2)
    assert len(captured) == 0


def test_by_task(task: Any) -> None:
    with patch_enqueue(task) as enqueue:
        task.enqueue(1, 2)

    enqueue.assert_called_once_with(1, 2)


def test_copy_made_before_counts_too(task: Any) -> None:
    copy = task.using(priority=3)

    with patch_enqueue(task) as enqueue:
        copy.enqueue(1, 2)

    enqueue.assert_called_once_with(1, 2)


def test_other_tasks_are_enqueued(which: str) -> None:
    with capture_tasks() as captured, patch_enqueue(PATHS[which]):
        plain.subtract.enqueue(3, 4)
        tasks.note.enqueue("x")
        async_to_sync(tasks.note.aenqueue)("y")
        tasks.note.enqueue_many([("z",)])
        async_to_sync(tasks.note.aenqueue_many)([("z",)])

    assert len(captured) == 5


@patch_enqueue("tests.unit.testing.plain.add", return_value="made up")
def test_as_a_decorator(enqueue: mock.Mock) -> None:
    assert elsewhere.enqueue("plain") == "made up"
    enqueue.assert_called_once_with(1, b=2)


@patch_enqueue("tests.unit.testing.plain.add")
class TestClass(unittest.TestCase):
    def test_of_a_class(self, enqueue: mock.Mock) -> None:
        plain.add.enqueue(1, 2)

        enqueue.assert_called_once_with(1, 2)


@patch_enqueue("tests.unit.testing.plain.add")
async def coroutine(enqueue: mock.Mock) -> mock.Mock:
    await plain.add.aenqueue(1, 2)
    return enqueue


def test_of_a_coroutine() -> None:
    async_to_sync(coroutine)().assert_called_once_with(1, 2)


def test_started_and_stopped(task: Any) -> None:
    patcher = patch_enqueue(task)
    enqueue = patcher.start()
    task.enqueue(1, 2)
    patcher.stop()
    task.enqueue(3, 4)

    enqueue.assert_called_once_with(1, 2)


def test_stopall_of_mock(task: Any) -> None:
    patch_enqueue(task).start()

    mock.patch.stopall()

    assert task.enqueue(3, 4).id


def test_autospec_and_wraps(task: Any) -> None:
    with patch_enqueue(task, autospec=True) as enqueue:
        task.using(priority=3).enqueue(1, b=2)
    enqueue.assert_called_once_with(1, b=2)

    with capture_tasks() as captured, patch_enqueue(task, wraps=task.enqueue) as enqueue:
        task.enqueue(1, b=2)
    enqueue.assert_called_once_with(1, b=2)
    assert len(captured) == 1


def test_every_way_to_enqueue_counts(task: Any) -> None:
    with patch_enqueue(task) as enqueue:
        async_to_sync(task.using(priority=3).aenqueue)(1, 2)
        if isinstance(task, Task):
            assert len(task.enqueue_many([(3, 4), {"a": 5, "b": 6}])) == 2
            async_to_sync(task.aenqueue_many)([(7, 8)])

    wanted = [mock.call(1, 2), mock.call(3, 4), mock.call(a=5, b=6), mock.call(7, 8)]
    assert enqueue.call_args_list == (wanted if isinstance(task, Task) else wanted[:1])


def test_stacked(task: Any) -> None:
    with patch_enqueue(task) as outer:
        with patch_enqueue(task) as inner, patch_enqueue(plain.subtract) as other:
            task.enqueue(1, 2)
            plain.subtract.enqueue(0, 0)
        task.using(priority=3).enqueue(3, 4)

    inner.assert_called_once_with(1, 2)
    other.assert_called_once_with(0, 0)
    outer.assert_called_once_with(3, 4)


def test_exception_restores(task: Any) -> None:
    with pytest.raises(ZeroDivisionError), patch_enqueue(task):
        raise ZeroDivisionError


def test_path_without_a_task_is_named() -> None:
    with pytest.raises(TaskNotFound, match="not a task"), patch_enqueue("tests.app.models.Run"):
        pass

"""mock.patch() on the methods of our tasks, in all the ways that tests of projects use it."""

from __future__ import annotations

import unittest
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.test import override_settings

from tests.app import tasks
from tests.unit.testing import elsewhere

PATH = "tests.app.tasks.add.enqueue"


@pytest.fixture(autouse=True)
def _restored() -> Any:
    """Every test leaves the task as it was."""
    with override_settings(TASKS={"default": {"BACKEND": "bridge.DummyBackend"}}):
        yield
        assert not {"enqueue", "aenqueue", "enqueue_many"} & vars(tasks.add).keys()
        assert tasks.add.enqueue(1, 2).id


def test_as_a_context_manager() -> None:
    with mock.patch(PATH) as enqueue:
        tasks.add.enqueue(1, b=2)

    enqueue.assert_called_once_with(1, b=2)


@mock.patch(PATH)
def test_as_a_decorator(enqueue: mock.Mock) -> None:
    elsewhere.enqueue("ours")

    enqueue.assert_called_once_with(1, b=2)


@mock.patch.object(tasks.add, "enqueue", return_value="made up")
def test_of_an_object(enqueue: mock.Mock) -> None:
    assert elsewhere.enqueue("ours") == "made up"


@mock.patch(PATH)
class TestClass(unittest.TestCase):
    def test_of_a_class(self, enqueue: mock.Mock) -> None:
        tasks.add.enqueue(1, 2)

        enqueue.assert_called_once_with(1, 2)


class TestStarted(unittest.TestCase):
    def test_started_and_stopped(self) -> None:
        patcher = mock.patch(PATH)
        enqueue = patcher.start()
        self.addCleanup(patcher.stop)

        tasks.add.enqueue(1, 2)

        enqueue.assert_called_once_with(1, 2)


def test_calls_through_using_count() -> None:
    with mock.patch(PATH) as enqueue:
        tasks.add.using(priority=3).using(queue_name="default").enqueue(1, 2)
        tasks.add.enqueue(3, 4)

    assert enqueue.mock_calls == [mock.call(1, 2), mock.call(3, 4)]


def test_copy_made_before_is_another_object() -> None:
    copy = tasks.add.using(priority=3)

    with mock.patch(PATH) as enqueue:
        copy.enqueue(1, 2)

    enqueue.assert_not_called()


def test_autospec() -> None:
    with mock.patch(PATH, autospec=True) as enqueue:
        tasks.add.using(priority=3).enqueue(1, b=2)

    enqueue.assert_called_once_with(1, b=2)


def test_wraps() -> None:
    with mock.patch(PATH, wraps=tasks.add.enqueue) as enqueue:
        result = tasks.add.using(priority=3).enqueue(1, 2)

    enqueue.assert_called_once_with(1, 2)
    assert result.task.module_path == "tests.app.tasks.add"


def test_side_effect() -> None:
    with mock.patch(PATH, side_effect=ConnectionError), pytest.raises(ConnectionError):
        tasks.add.enqueue(1, 2)


def test_coroutine_method() -> None:
    with mock.patch("tests.app.tasks.add.aenqueue") as aenqueue:
        async_to_sync(tasks.add.using(priority=3).aenqueue)(1, 2)

    assert isinstance(aenqueue, mock.AsyncMock)
    aenqueue.assert_awaited_once_with(1, 2)


@pytest.mark.parametrize("name", ["enqueue_many", "get_result", "using", "call", "hook"])
def test_other_public_methods(name: str) -> None:
    with mock.patch.object(tasks.add, name) as method:
        getattr(tasks.add, name)("x")

    method.assert_called_once_with("x")
    assert name not in vars(tasks.add)


def test_stacked() -> None:
    with mock.patch(PATH) as outer:
        with mock.patch(PATH) as inner:
            tasks.add.enqueue(1, 2)
        tasks.add.using(priority=3).enqueue(3, 4)

    inner.assert_called_once_with(1, 2)
    outer.assert_called_once_with(3, 4)


@mock.patch("tests.app.tasks.note.enqueue")
@mock.patch(PATH)
def test_of_two_tasks(enqueue_add: mock.Mock, enqueue_note: mock.Mock) -> None:
    tasks.add.enqueue(1, 2)
    tasks.note.enqueue("x")

    enqueue_add.assert_called_once_with(1, 2)
    enqueue_note.assert_called_once_with("x")


def test_monkeypatch_of_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(tasks.add, "enqueue", lambda *args: calls.append(args))
        tasks.add.using(priority=3).enqueue(1, 2)

    assert calls == [(1, 2)]


def test_exception_restores() -> None:
    with pytest.raises(ZeroDivisionError), mock.patch(PATH):
        raise ZeroDivisionError

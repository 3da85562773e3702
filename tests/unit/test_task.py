from __future__ import annotations

import dataclasses
import pickle
from importlib import import_module
from unittest import mock

import pytest
from django.test import override_settings

from bridge import Retry, Task, task
from bridge.backends.ledger import PATH_LENGTH, QUEUE_LENGTH
from bridge.exceptions import TaskNotFound
from bridge.interface import DjangoTask, InvalidTask
from bridge.models import TaskRow
from bridge.registry import resolve
from tests.app import tasks

DJANGO = DjangoTask.__module__.partition(".base")[0]


def test_task_prints_as_its_path() -> None:
    assert str(tasks.add) == "tests.app.tasks.add"
    assert repr(tasks.add) == "<Task tests.app.tasks.add>"


def test_fields_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        tasks.add.priority = 5  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        tasks.add.nickname = "x"  # type: ignore[attr-defined]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del tasks.add.priority


def test_patched_method_is_restored() -> None:
    original = tasks.add.enqueue

    with mock.patch.object(tasks.add, "enqueue") as enqueue:
        tasks.add.enqueue(1)

    enqueue.assert_called_once_with(1)
    assert tasks.add.enqueue == original


def test_task_survives_pickle_with_its_settings() -> None:
    modified = tasks.unreachable.using(priority=5, queue_name="mail")

    assert pickle.loads(pickle.dumps(modified)) == modified


def test_policies_are_carried_through_using() -> None:
    assert tasks.unreachable.using(priority=5).retry == tasks.unreachable.retry


def test_run_after_is_refused_in_the_decorator() -> None:
    with pytest.raises(TypeError, match="run_after is set per call"):
        task(run_after=None)(tasks.add.func)  # type: ignore[call-overload]


@override_settings(TASKS={"default": {"BACKEND": f"{DJANGO}.backends.immediate.ImmediateBackend"}})
def test_policies_are_left_out_on_a_foreign_backend() -> None:
    declared = task(retry=Retry(), on_lost="fail", priority=3)(tasks.add.func)

    assert type(declared) is DjangoTask
    assert declared.priority == 3
    assert declared.enqueue(1, 2).return_value == 3


def test_djangos_decorator_makes_our_task() -> None:
    django_task = import_module(DJANGO).task

    assert isinstance(django_task(tasks.add.func), Task)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("tests.app.tasks.removed", "cannot be imported"),
        ("tests.no_such_module.task", "cannot be imported"),
        ("tests.app.models.Run", "not a task"),
    ],
)
def test_path_without_a_task_is_named(path: str, rule: str) -> None:
    with pytest.raises(TaskNotFound, match=rule):
        resolve(path)


@override_settings(TASKS={"default": {"BACKEND": "bridge.DatabaseBackend", "QUEUES": []}})
def test_name_longer_than_its_column_is_invalid() -> None:
    limits = {
        name: TaskRow._meta.get_field(name).max_length for name in ("queue_name", "task_path")
    }
    assert limits == {"queue_name": QUEUE_LENGTH, "task_path": PATH_LENGTH}

    with pytest.raises(InvalidTask, match="128 characters at most"):
        tasks.add.using(queue_name="q" * 129)

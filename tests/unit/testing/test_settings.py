"""override_tasks(): other backends, the same aliases and queues; our tasks on Django's backends."""

from __future__ import annotations

import unittest
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import SimpleTestCase, override_settings

from bridge import TaskContext, task
from bridge.interface import DjangoImmediateBackend, DjangoTaskContext, InvalidTask, task_backends
from bridge.testing import override_tasks, run_pending_tasks
from tests.app.tasks import add
from tests.unit.testing import plain, tasks
from tests.unit.testing.backends import DUMMY

TWO = {
    "default": {
        "BACKEND": "bridge.DatabaseBackend",
        "QUEUES": ["default", "mail"],
        "ENQUEUE_ON_COMMIT": True,
        "OPTIONS": {"LEASE": 60},
    },
    "reports": {"BACKEND": "bridge.DatabaseBackend", "QUEUES": []},
}
IMMEDIATE = f"{DjangoImmediateBackend.__module__}.{DjangoImmediateBackend.__qualname__}"


def backends() -> dict[str, str]:
    return {alias: type(task_backends[alias]).__name__ for alias in settings.TASKS}


@override_settings(TASKS=TWO)
def test_aliases_queues_and_moment_of_enqueueing_stay() -> None:
    with override_tasks("bridge.ImmediateBackend", PROPAGATE=True):
        assert settings.TASKS == {
            "default": {
                "BACKEND": "bridge.ImmediateBackend",
                "QUEUES": ["default", "mail"],
                "ENQUEUE_ON_COMMIT": True,
                "OPTIONS": {"PROPAGATE": True},
            },
            "reports": {
                "BACKEND": "bridge.ImmediateBackend",
                "QUEUES": [],
                "OPTIONS": {"PROPAGATE": True},
            },
        }
        assert backends() == {"default": "ImmediateBackend", "reports": "ImmediateBackend"}
    assert settings.TASKS == TWO
    assert backends() == {"default": "DatabaseBackend", "reports": "DatabaseBackend"}


@override_settings(TASKS=TWO)
def test_only_named_aliases_change() -> None:
    with override_tasks("bridge.DummyBackend", aliases=["reports"]):
        assert backends() == {"default": "DatabaseBackend", "reports": "DummyBackend"}


@override_settings(TASKS=TWO)
def test_alias_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="'report' is not in TASKS"):
        override_tasks("bridge.DummyBackend", aliases=["report"]).enable()


@override_settings(TASKS=TWO)
@override_tasks("bridge.DummyBackend")
def test_as_a_decorator_it_changes_the_settings_of_that_moment() -> None:
    assert backends() == {"default": "DummyBackend", "reports": "DummyBackend"}


def test_as_the_decorator_of_a_class_it_changes_those_of_the_class() -> None:
    @override_tasks("bridge.DummyBackend")
    @override_settings(TASKS=TWO)
    class Tests(SimpleTestCase):
        def test(self) -> None:
            assert backends() == {"default": "DummyBackend", "reports": "DummyBackend"}

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Tests).run(result)

    assert result.testsRun == 1
    assert not [*result.failures, *result.errors]


@task(takes_context=True)
def talkative(context: TaskContext, steps: int) -> list[Any]:
    context.progress(1, steps, "one")
    progress = context.task_result.progress
    return [context.attempt, context.cancelled, progress and progress.note]


@task(takes_context=True)
async def talkative_later(context: TaskContext, steps: int) -> list[Any]:
    return talkative.func(context, steps)


@pytest.mark.parametrize("each", [talkative, talkative_later])
def test_our_context_works_on_djangos_backends(each: Any) -> None:
    with override_tasks(IMMEDIATE):
        assert each.enqueue(2).return_value == [1, False, "one"]
        assert async_to_sync(each.aenqueue)(2).return_value == [1, False, "one"]
        assert async_to_sync(each.acall)(*_context(each), 2) == [0, False, "one"]
    with override_tasks(DUMMY):
        each.enqueue(2)
        assert run_pending_tasks()[0].return_value == [1, False, "one"]


def _context(each: Any) -> Any:
    with override_tasks(DUMMY):
        return [DjangoTaskContext(task_result=each.enqueue(2))]


def test_our_tasks_run_on_djangos_backends_and_djangos_on_ours() -> None:
    with override_tasks(IMMEDIATE):
        assert add.enqueue(1, 2).return_value == 3
        with pytest.raises(InvalidTask):
            add.using(run_after=timedelta(hours=1))
    with override_tasks("bridge.ImmediateBackend"):
        assert plain.add.enqueue(1, 2).return_value == 3


@pytest.mark.django_db
def test_task_declared_for_a_foreign_backend_runs_from_the_ledger() -> None:
    result = plain.add.enqueue(1, 2)

    run_pending_tasks()
    result.refresh()

    assert result.return_value == 3


def test_task_declared_while_djangos_backend_is_set_is_djangos() -> None:
    with override_tasks(IMMEDIATE):
        declared = task(priority=3)(tasks.note.func)

    assert type(declared) is type(plain.add)

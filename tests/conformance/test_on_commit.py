"""When a task is enqueued: at once, or when the caller's transaction commits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.checks import run_checks
from django.db import transaction
from django.utils import timezone

from bridge import Task, registry, task
from bridge.interface import InvalidTask, TaskResultDoesNotExist, TaskResultStatus, task_enqueued
from tests.app import promises, tasks
from tests.app.models import Run
from tests.conformance.harness import Harness


@pytest.fixture
def announced() -> Iterator[list[str]]:
    """The ids that task_enqueued was sent with."""
    ids: list[str] = []

    def hear(task_result: Any, **more: Any) -> None:
        ids.append(task_result.id)

    task_enqueued.connect(hear)
    yield ids
    task_enqueued.disconnect(hear)


@pytest.fixture
def note_at_once(harness: Harness) -> Task[[str], None]:
    """A task that does not wait, and is not declared to any other test."""
    return task(enqueue_on_commit=False)(tasks.note.func)


def names() -> list[str]:
    return list(Run.objects.values_list("name", flat=True))


def is_there(harness: Harness, result_id: str) -> bool:
    """Say whether a task has been enqueued as far as this connection can see."""
    if harness.runs_at_once:
        return bool(names())
    try:
        harness.backend.get_result(result_id)
    except TaskResultDoesNotExist:
        return False
    return True


@pytest.mark.needs("obeys_on_commit")
def test_task_waits_for_the_commit(harness: Harness, announced: list[str]) -> None:
    with transaction.atomic(using=harness.database):
        result = promises.note_on_commit.enqueue("paid")

        assert result.id
        assert result.status == TaskResultStatus.READY
        assert result.enqueued_at is None
        assert not is_there(harness, result.id)
        assert announced == []
        before_the_commit = timezone.now()

    assert is_there(harness, result.id)
    assert announced == [result.id]
    assert result.enqueued_at >= before_the_commit  # type: ignore[operator]


@pytest.mark.needs("executes")
def test_task_that_waited_runs(harness: Harness) -> None:
    with transaction.atomic(using=harness.database):
        result = promises.note_on_commit.enqueue("paid")
        assert names() == []

    harness.work()

    assert "paid" in names()
    if harness.backend.supports_get_result:
        result.refresh()
    assert result.status == TaskResultStatus.SUCCESSFUL


def test_aenqueue_waits_too(harness: Harness) -> None:
    with transaction.atomic(using=harness.database):
        result = async_to_sync(promises.note_on_commit.aenqueue)("paid")
        assert result.status == TaskResultStatus.READY
        assert names() == []

    assert is_there(harness, result.id)


def test_rollback_leaves_nothing(harness: Harness) -> None:
    with transaction.atomic(using=harness.database):
        result = promises.note_on_commit.enqueue("never")
        transaction.set_rollback(True, using=harness.database)

    if harness.executes:
        harness.work()
    assert not is_there(harness, result.id)
    assert "never" not in names()


def test_outside_a_transaction_there_is_nothing_to_wait_for(
    harness: Harness, announced: list[str]
) -> None:
    result = promises.note_on_commit.enqueue("now")

    assert result.enqueued_at is not None
    assert announced == [result.id]
    assert is_there(harness, result.id)


def test_arguments_are_looked_at_before_the_commit(harness: Harness) -> None:
    argument = ["kept"]
    with transaction.atomic(using=harness.database):
        with pytest.raises(TypeError):
            promises.note_on_commit.enqueue(object())  # type: ignore[arg-type]
        result = task(enqueue_on_commit=True)(promises.echo.func).enqueue(argument)
        argument[0] = "changed"

    assert result.args == [["kept"]]
    if harness.backend.supports_get_result:
        assert promises.echo.get_result(result.id).args == [["kept"]]


def test_many_calls_wait_together(harness: Harness, announced: list[str]) -> None:
    with transaction.atomic(using=harness.database):
        results = promises.note_on_commit.enqueue_many([("first",), ("second",)])
        assert names() == []

    assert announced == results.ids
    if harness.executes:
        harness.work()
        assert {"first", "second"} <= set(names())


@pytest.mark.needs("obeys_on_commit")
def test_task_that_does_not_wait_is_there_at_once(
    harness: Harness, note_at_once: Task[[str], None], announced: list[str]
) -> None:
    with transaction.atomic(using=harness.database):
        result = note_at_once.enqueue("now")

        assert is_there(harness, result.id)
        assert announced == [result.id]


@pytest.mark.needs("obeys_on_commit")
def test_setting_of_the_backend_is_for_tasks_that_do_not_say(
    harness: Harness, note_at_once: Task[[str], None]
) -> None:
    with harness.configured(ENQUEUE_ON_COMMIT=True):
        with transaction.atomic(using=harness.database):
            silent = tasks.note.enqueue("silent")
            waited = is_there(harness, silent.id)
            outspoken = note_at_once.enqueue("outspoken")
            assert (waited, is_there(harness, outspoken.id)) == (False, True)

    with harness.configured(ENQUEUE_ON_COMMIT=False):
        with transaction.atomic(using=harness.database):
            Run.objects.all().delete()
            assert not is_there(harness, promises.note_on_commit.enqueue("outspoken").id)
            assert is_there(harness, tasks.note.enqueue("silent").id)


def test_wrong_setting_is_reported(harness: Harness) -> None:
    with harness.configured(ENQUEUE_ON_COMMIT="yes"):
        (error,) = [message for message in run_checks() if message.id == "bridge.E002"]

    assert (
        error.msg == "ENQUEUE_ON_COMMIT of TASKS['default'] must be True, False or None, not 'yes'."
    )


def test_wrong_choice_of_a_task_is_invalid(harness: Harness) -> None:
    with pytest.raises(InvalidTask, match="enqueue_on_commit"):
        Task(func=tasks.note.func, enqueue_on_commit="yes")  # type: ignore[arg-type]


def test_choice_that_cannot_be_kept_is_reported(
    harness: Harness, note_at_once: Task[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "declared", lambda: [tasks.note, note_at_once])

    # A broker cannot take back what a transaction did not commit.
    def ids() -> list[str]:
        return [str(message.id) for message in run_checks() if message.id == "bridge.W005"]

    with harness.configured(ENQUEUE_ON_COMMIT=False):
        assert ids() == ([] if harness.obeys_on_commit else ["bridge.W005"] * 2)
    assert ids() == ([] if harness.obeys_on_commit else ["bridge.W005"])

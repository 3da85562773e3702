"""run_pending_tasks(): every backend whose tasks wait, in TestCase and TransactionTestCase."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.db import DatabaseError, transaction
from django.utils import timezone

from bridge.backends.ledger import LedgerBackend
from bridge.exceptions import TaskNotFound, TransactionLeftOpen
from bridge.interface import BaseTaskBackend, task_finished, task_started
from bridge.ledger.models import PauseRow
from bridge.testing import arun_pending_tasks, run_pending_tasks
from tests.app.tasks import retries_beyond_the_calendar
from tests.unit.testing import tasks
from tests.unit.testing.backends import ALL, LEDGERS, on
from tests.unit.testing.tasks import names

HOUR = dt.timedelta(hours=1)


@on(*ALL)
def test_pending_tasks_run_in_the_order_of_a_worker(backend: BaseTaskBackend) -> None:
    tasks.note.enqueue("second")
    tasks.note.enqueue("third")
    tasks.note.using(priority=5).enqueue("first")

    results = run_pending_tasks()

    assert names() == ["first", "second", "third"]
    assert [result.return_value for result in results] == ["first", "second", "third"]
    assert run_pending_tasks() == []


@on(*ALL)
def test_result_that_the_caller_kept_shows_the_end_after_refresh(backend: BaseTaskBackend) -> None:
    result = tasks.note.enqueue("x")

    run_pending_tasks()
    result.refresh()

    assert result.return_value == "x"
    assert result.attempts == 1


@on(*ALL)
def test_tasks_that_tasks_enqueue_run_too(backend: BaseTaskBackend) -> None:
    tasks.note_twice.enqueue("x")

    run_pending_tasks()

    assert names() == ["x 1", "x 2"]


@on("sqlite", "dummy")
def test_only_what_was_pending_runs_when_asked_so(backend: BaseTaskBackend) -> None:
    tasks.note_twice.enqueue("x")

    run_pending_tasks(until_empty=False)
    assert names() == []

    run_pending_tasks(until_empty=False)
    assert names() == ["x 1", "x 2"]


@on("sqlite", "dummy", kinds=("TestCase",))
def test_task_that_enqueues_itself_is_found_out(
    backend: BaseTaskBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.testing.running.MOST", 5)
    tasks.spread_for_ever.enqueue()

    with pytest.raises(RuntimeError, match="spread_for_ever' was the last: it probably enqueues"):
        run_pending_tasks()


@on(*ALL)
def test_exception_of_a_task_is_raised_and_the_rest_stays_pending(backend: BaseTaskBackend) -> None:
    failed = tasks.fail.enqueue("broken")
    tasks.note.enqueue("behind")

    with pytest.raises(ValueError, match="broken") as caught:
        run_pending_tasks()

    assert "raise_exceptions=False" in caught.value.__notes__[0]
    failed.refresh()
    assert failed.status == "FAILED"
    assert names() == ["broken"]
    run_pending_tasks()
    assert names() == ["broken", "behind"]


@on(*ALL)
def test_exception_of_a_task_stays_in_its_result_when_asked_so(backend: BaseTaskBackend) -> None:
    tasks.fail.enqueue("broken")
    tasks.note.enqueue("behind")

    failed, succeeded = run_pending_tasks(raise_exceptions=False)

    assert failed.errors[0].exception_class is ValueError
    assert succeeded.status == "SUCCESSFUL"


@on("sqlite", "dummy", kinds=("TestCase",))
def test_control_c_ends_the_test_in_any_case(backend: BaseTaskBackend) -> None:
    tasks.press_control_c.enqueue()

    with pytest.raises(KeyboardInterrupt):
        run_pending_tasks(raise_exceptions=False)


@on("sqlite", "postgres", "mariadb", "celery", "dummy")
def test_next_attempt_is_made_at_once(backend: BaseTaskBackend) -> None:
    tasks.third_time_lucky.enqueue()

    (result,) = run_pending_tasks()

    assert result.return_value == 3
    assert names() == ["attempt 1", "attempt 2", "attempt 3"]
    assert len(result.errors) == 2


@on("sqlite", "postgres", "celery", "dummy", kinds=("TestCase",))
def test_next_attempt_waits_when_asked_so(backend: BaseTaskBackend) -> None:
    tasks.third_time_lucky.enqueue()

    (result,) = run_pending_tasks(retry_waits=True)
    assert result.status == "READY"
    assert run_pending_tasks(retry_waits=True) == []

    with mock.patch.object(timezone, "now", return_value=timezone.now() + 2 * HOUR):
        (result,) = run_pending_tasks(retry_waits=True)
    assert result.attempts == 2


@on(*ALL)
def test_deferred_task_waits_for_its_time(backend: BaseTaskBackend) -> None:
    tasks.note.using(run_after=timezone.now() + HOUR).enqueue("later")

    assert run_pending_tasks() == []
    with mock.patch.object(timezone, "now", return_value=timezone.now() + 2 * HOUR):
        run_pending_tasks()

    assert names() == ["later"]


@on("sqlite", "postgres", "celery", "dummy", "django", kinds=("TestCase",))
def test_deferred_task_runs_early_when_asked_so(backend: BaseTaskBackend) -> None:
    tasks.note.using(run_after=timezone.now() + HOUR).enqueue("later")

    run_pending_tasks(deferred=True)

    assert names() == ["later"]


@on("sqlite", "dummy", kinds=("TestCase",))
def test_only_the_named_queues_run(backend: BaseTaskBackend) -> None:
    for queue in ("default", "mail", "slow"):
        tasks.note.using(queue_name=queue).enqueue(queue)

    run_pending_tasks(queue="mail")
    assert names() == ["mail"]

    run_pending_tasks(queue=["slow", "default"])
    assert names() == ["mail", "default", "slow"]


@on("sqlite", "celery", kinds=("TestCase",))
def test_paused_queue_rests(backend: LedgerBackend) -> None:
    PauseRow.objects.create(
        transport=backend.transport, queue_name="default", paused_at=timezone.now()
    )
    tasks.note.enqueue("x")

    assert run_pending_tasks() == []


@on(*LEDGERS, "dummy", "django")
def test_database_error_of_a_body_leaves_the_test_usable(backend: BaseTaskBackend) -> None:
    tasks.break_a_constraint.enqueue("x")

    (result,) = run_pending_tasks(raise_exceptions=False)

    assert result.status == "FAILED"
    tasks.note.enqueue("next")
    run_pending_tasks()
    assert "next" in names()


@on("sqlite", "postgres", "mariadb", kinds=("TestCase",))
def test_database_error_that_a_body_swallows_fails_it_in_a_test_case(
    backend: BaseTaskBackend,
) -> None:
    tasks.swallow_a_database_error.enqueue("x")

    with pytest.raises(DatabaseError) as caught:
        run_pending_tasks()

    assert "TransactionTestCase" in caught.value.__notes__[0]
    assert names() == []


@on("sqlite", "postgres", "mariadb", kinds=("TransactionTestCase",))
def test_database_error_that_a_body_swallows_is_no_matter_without_a_transaction(
    backend: BaseTaskBackend,
) -> None:
    tasks.swallow_a_database_error.enqueue("x")

    (result,) = run_pending_tasks()

    assert result.status == "SUCCESSFUL"


@on("sqlite", "postgres", "mariadb", "celery")
def test_transactional_task_and_what_it_put_off(backend: BaseTaskBackend) -> None:
    tasks.all_or_nothing.enqueue("kept")
    tasks.all_or_nothing.enqueue("undone", fails=True)

    results = run_pending_tasks(raise_exceptions=False)

    assert names() == ["kept", "after kept"]
    assert [result.status for result in results] == ["SUCCESSFUL", "FAILED", "SUCCESSFUL"]


@on("sqlite", "postgres", "dummy", kinds=("TestCase",))
@pytest.mark.parametrize("name", ["leave_a_transaction_open", "leave_a_transaction_open_in_one"])
def test_transaction_left_open_fails_its_task_and_no_other(
    backend: BaseTaskBackend, name: str
) -> None:
    getattr(tasks, name).enqueue("lost")
    tasks.note.enqueue("kept")

    failed, succeeded = run_pending_tasks(raise_exceptions=False)

    assert failed.errors[0].exception_class is TransactionLeftOpen
    assert succeeded.status == "SUCCESSFUL"
    assert names() == ["kept"]


@on("sqlite", "postgres", "mariadb", "celery", "dummy")
def test_hooks_run(backend: BaseTaskBackend) -> None:
    good = tasks.with_hooks.enqueue()
    bad = tasks.with_hooks.enqueue(fails=True)

    run_pending_tasks(raise_exceptions=False)

    assert names() == [f"{good.id[:8]} 42", f"{bad.id[:8]} failed"]


@on("sqlite", "postgres", kinds=("TestCase",))
def test_context_speaks_and_listens_inside_the_transaction(backend: LedgerBackend) -> None:
    result = tasks.say_and_ask.enqueue()

    (ended,) = run_pending_tasks()

    assert ended.return_value is False
    result.refresh()
    assert result.progress is not None
    assert result.progress.note == "half"


@on("sqlite", "postgres", kinds=("TestCase",))
def test_body_hears_of_a_cancellation(backend: LedgerBackend) -> None:
    result = tasks.say_and_ask.enqueue()

    def cancel(task_result: Any, **more: Any) -> None:
        backend.store.tasks.filter(id=result.id).update(cancel_requested_at=timezone.now())

    task_started.connect(cancel)
    try:
        (ended,) = run_pending_tasks()
    finally:
        task_started.disconnect(cancel)

    assert ended.return_value is True


@on(*ALL)
def test_coroutine_runs(backend: BaseTaskBackend) -> None:
    tasks.note_later.enqueue("x")

    (result,) = run_pending_tasks()

    assert result.return_value == "x"
    assert names() == ["x"]


@on("sqlite", "dummy")
def test_async_test_runs_tasks(backend: BaseTaskBackend) -> None:
    async def test() -> list[Any]:
        await tasks.note_later.aenqueue("x")
        return await arun_pending_tasks()

    (result,) = async_to_sync(test)()

    assert result.return_value == "x"
    assert names() == ["x"]


@on("sqlite", "postgres", kinds=("TestCase",))
def test_limits_do_not_hold_up_a_test(backend: BaseTaskBackend) -> None:
    tasks.limited.enqueue("1")
    tasks.limited.enqueue("2")

    run_pending_tasks()

    assert names() == ["1", "2"]


@on("sqlite", "dummy", kinds=("TestCase",))
def test_expired_task_does_not_run(backend: BaseTaskBackend) -> None:
    tasks.soon_or_never.enqueue("x")

    with mock.patch.object(timezone, "now", return_value=timezone.now() + HOUR):
        (result,) = run_pending_tasks(raise_exceptions=False)

    assert result.status == "FAILED"
    assert names() == []


@on(*ALL)
def test_signals_are_sent_as_by_a_worker(backend: BaseTaskBackend) -> None:
    heard: list[tuple[str, type, str]] = []

    def hear(signal: Any, sender: type, task_result: Any, **more: Any) -> None:
        name = "started" if signal is task_started else "finished"
        heard.append((name, sender, task_result.status))

    task_started.connect(hear)
    task_finished.connect(hear)
    try:
        tasks.note.enqueue("x")
        run_pending_tasks()
    finally:
        task_started.disconnect(hear)
        task_finished.disconnect(hear)

    kind = type(backend)
    assert heard == [("started", kind, "RUNNING"), ("finished", kind, "SUCCESSFUL")]


@on("sqlite", "postgres", "celery", "dummy", kinds=("TestCase",))
def test_task_that_waits_for_a_commit_runs_once(
    backend: BaseTaskBackend, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True, using=tasks.database()):
        tasks.note_after_commit.enqueue("x")
        run_pending_tasks()
        assert names() == ["x"]
    run_pending_tasks()

    assert names() == ["x"]


@on("sqlite", kinds=("TransactionTestCase",))
def test_tasks_can_run_inside_a_transaction_of_the_test(backend: BaseTaskBackend) -> None:
    with transaction.atomic():
        tasks.note.enqueue("x")
        run_pending_tasks()
        assert names() == ["x"]
        transaction.set_rollback(True)

    assert names() == []


@on("sqlite", kinds=("TestCase",))
def test_backend_is_chosen_by_its_alias(backend: BaseTaskBackend, settings: Any) -> None:
    settings.TASKS = {
        "default": {"BACKEND": "bridge.DatabaseBackend"},
        "other": {"BACKEND": "bridge.DatabaseBackend"},
        "memory": {"BACKEND": "bridge.DummyBackend"},
        "immediate": {"BACKEND": "bridge.ImmediateBackend"},
    }
    tasks.note.enqueue("default")
    tasks.note.using(backend="other").enqueue("other")
    tasks.note.using(backend="memory").enqueue("memory")

    run_pending_tasks("other")
    assert names() == ["other"]
    run_pending_tasks("immediate")
    run_pending_tasks()
    assert names() == ["other", "default", "memory"]


def test_backend_that_only_its_own_workers_can_run_is_refused(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "tests.unit.testing.foreign.ForeignBackend"}}

    with pytest.raises(TypeError, match="is ForeignBackend, whose tasks only its own workers"):
        run_pending_tasks()


@on("sqlite", kinds=("TestCase",))
def test_task_that_is_gone_from_the_code_is_told(backend: LedgerBackend) -> None:
    result = tasks.note.enqueue("x")
    backend.store.tasks.update(task_path="tests.unit.testing.tasks.removed")

    with pytest.raises(TaskNotFound, match="removed"):
        run_pending_tasks(raise_exceptions=False)

    assert backend.store.tasks.get(id=result.id).status == "FAILED"


@on("sqlite", "postgres", kinds=("TestCase",))
def test_outcome_that_cannot_be_stored_fails_its_task(backend: BaseTaskBackend) -> None:
    retries_beyond_the_calendar.enqueue("x")

    with pytest.raises(OverflowError):
        run_pending_tasks()

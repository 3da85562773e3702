"""Cancel, requeue, pause: what people decide about tasks and queues."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from bridge import (
    Cancellation,
    DatabaseBackend,
    Requeueing,
    TaskCancelled,
    pause_queue,
    paused_queues,
    resume_queue,
)
from bridge.interface import (
    TaskResultDoesNotExist,
    task_backends,
    task_finished,
)
from bridge.ledger.models import BatchRow, TaskRow
from bridge.outcome import describe
from tests.app import controlled, tasks

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
HOUR = dt.timedelta(hours=1)


@pytest.fixture(params=list(settings.DATABASES))
def backend(request: pytest.FixtureRequest) -> Iterator[DatabaseBackend]:
    backends = {
        alias: {
            "BACKEND": f"bridge.{kind}Backend",
            "QUEUES": ["default", "mail", "slow"],
            "OPTIONS": {"DATABASE": request.param} if kind == "Database" else {},
        }
        for alias, kind in [("default", "Database"), ("here", "Immediate"), ("dummy", "Dummy")]
    }
    with override_settings(TASKS=backends):
        backend = task_backends["default"]
        assert isinstance(backend, DatabaseBackend)
        yield backend


@pytest.fixture
def finished() -> Iterator[list[Any]]:
    seen: list[Any] = []

    def receive(task_result: Any, **kwargs: Any) -> None:
        seen.append((task_result.id, task_result.status))

    task_finished.connect(receive)
    yield seen
    task_finished.disconnect(receive)


def claim(backend: DatabaseBackend, **options: Any) -> list[TaskRow]:
    return backend.store.claim(
        transport="db", worker="w", worker_id="w:1", **{"limit": 100, **options}
    )


def row(backend: DatabaseBackend, result: Any) -> TaskRow:
    return backend.store.tasks.get(id=result.id)


@contextmanager
def rolled_back(backend: DatabaseBackend) -> Iterator[None]:
    with transaction.atomic(using=backend.database):
        yield
        transaction.set_rollback(True, using=backend.database)


# Cancel


def test_task_that_waits_fails_at_once_and_is_never_claimed(
    backend: DatabaseBackend, finished: list[Any]
) -> None:
    result = tasks.add.enqueue(1, 2)

    assert result.cancel() is Cancellation.DONE

    assert result.status == "FAILED"
    assert isinstance(result.exception, TaskCancelled)
    assert result.cancel_requested_at == result.finished_at is not None
    assert result.started_at is None
    assert result.worker_ids == []
    assert finished == [(result.id, "FAILED")]
    assert claim(backend) == []


def test_deferred_and_limited_tasks_are_cancelled_too(backend: DatabaseBackend) -> None:
    deferred = tasks.add.using(run_after=HOUR).enqueue(1, 2)
    limited = controlled.one_by_one.enqueue("x")

    assert deferred.cancel() is limited.cancel() is Cancellation.DONE

    backend.store.tasks.filter(wake_at__isnull=False).update(wake_at=timezone.now() - HOUR)
    assert claim(backend) == []
    assert not backend.store.tasks.exclude(status="FAILED").exists()


def test_task_that_runs_is_asked_and_its_worker_has_the_last_word(
    backend: DatabaseBackend, finished: list[Any]
) -> None:
    result = tasks.add.enqueue(1, 2)
    (held,) = claim(backend)

    assert result.cancel() is Cancellation.REQUESTED
    assert (result.status, finished) == ("RUNNING", [])
    first = result.cancel_requested_at
    assert result.cancel() is Cancellation.REQUESTED
    assert result.cancel_requested_at == first is not None

    assert backend.store.succeed(held, 3)
    result.refresh()
    assert (result.status, result.return_value) == ("SUCCESSFUL", 3)


def test_finished_task_stays_as_it_is(backend: DatabaseBackend) -> None:
    result = tasks.add.enqueue(1, 2)
    backend.store.succeed(claim(backend)[0], 3)

    answer = result.cancel()

    assert answer is Cancellation.TOO_LATE
    assert not answer
    assert (result.return_value, result.cancel_requested_at) == (3, None)


def test_retry_of_a_task_that_was_asked_to_stop_does_not_wait_for_its_time(
    backend: DatabaseBackend,
) -> None:
    result = tasks.add.enqueue(1, 2)
    (held,) = claim(backend)
    backend.cancel(result.id)
    error = describe(ValueError("x"))

    assert backend.store.retry_later(held, error, 3600)

    (again,) = claim(backend)  # where refusal() ends it
    assert again.cancel_requested_at is not None
    assert backend.store.retry_later(again, error, 3600)
    assert result.cancel() is Cancellation.DONE
    assert len(result.errors) == 3


def test_cancellation_is_undone_with_the_transaction(
    backend: DatabaseBackend, finished: list[Any]
) -> None:
    result = tasks.add.enqueue(1, 2)

    with rolled_back(backend):
        result.cancel()

    result.refresh()
    assert (result.status, finished) == ("READY", [])
    with transaction.atomic(using=backend.database):
        result.cancel()
        assert finished == []
    assert finished == [(result.id, "FAILED")]


def test_cancelled_task_frees_its_unique_key(backend: DatabaseBackend) -> None:
    first = controlled.once.enqueue(1)
    assert controlled.once.enqueue(1).id == first.id

    first.cancel()

    assert controlled.once.enqueue(1).id != first.id


def test_hooks_and_batches_hear_of_a_cancelled_task(backend: DatabaseBackend) -> None:
    watched = controlled.watched.enqueue("x")
    batch = tasks.add.enqueue_many([(1, 2), (3, 4)], on_complete=controlled.heard)

    watched.cancel()
    backend.cancel_many(batch.ids)

    hooked, completed = backend.store.tasks.filter(status="READY")
    assert (hooked.task_path, hooked.args) == (controlled.heard.module_path, [watched.id])
    assert completed.args == [str(BatchRow.objects.using(backend.database).get().id)]
    assert BatchRow.objects.using(backend.database).get().failed == 2


def test_unknown_ids_are_an_error_alone_and_left_out_among_many(backend: DatabaseBackend) -> None:
    result = tasks.add.enqueue(1, 2)
    for unknown in (str(uuid4()), "nonsense"):
        for verb in (backend.cancel, backend.requeue):
            with pytest.raises(TaskResultDoesNotExist):
                verb(unknown)

    assert backend.cancel_many([str(uuid4()), "nonsense", result.id]) == {
        result.id: Cancellation.DONE
    }


def test_coroutines_cancel_and_requeue(backend: DatabaseBackend) -> None:
    async def main() -> list[Any]:
        result = await tasks.add.aenqueue(1, 2)
        return [
            await result.acancel(),
            await backend.acancel(result.id),
            await backend.arequeue(result.id),
        ]

    answers = async_to_sync(main)()

    assert answers == [Cancellation.DONE, Cancellation.TOO_LATE, Requeueing.DONE]


def test_bodies_of_other_backends_can_be_cancelled(backend: DatabaseBackend) -> None:
    here = controlled.cancels_itself.using(backend="here").enqueue()
    dummy = tasks.add.using(backend="dummy").enqueue(1, 2)

    assert here.return_value == [False, "REQUESTED", True]
    assert here.cancel() is Cancellation.TOO_LATE
    assert dummy.cancel() is Cancellation.DONE
    dummy.refresh()
    assert isinstance(dummy.exception, TaskCancelled)
    assert dummy.cancel() is Cancellation.TOO_LATE


def test_progress_of_a_task_in_memory_is_that_of_its_last_attempt(
    backend: DatabaseBackend,
) -> None:
    result = controlled.tells_once.using(backend="here").enqueue()

    assert result.return_value is None
    assert result.progress is not None
    assert (result.progress.done, result.progress.total, result.progress.note) == (1, 4, "first")


# Requeue


def failed(backend: DatabaseBackend, result: Any) -> None:
    (held,) = claim(backend)
    assert str(held.id) == result.id
    backend.store.fail(held, describe(ValueError("x")))


def test_requeued_task_runs_as_if_it_never_had_and_keeps_its_errors(
    backend: DatabaseBackend,
) -> None:
    result = tasks.add.enqueue(1, 2)
    failed(backend, result)
    backend.store.tasks.update(losses=2, progress=[1, 2, ""], published_at=timezone.now())

    assert backend.requeue(result.id) is Requeueing.DONE

    again = row(backend, result)
    assert (again.status, again.worker_ids, again.losses) == ("READY", [], 0)
    empty = ("started_at", "last_attempted_at", "finished_at", "return_value", "progress")
    for name in (*empty, "cancel_requested_at", "published_at", "worker", "wake_at"):
        assert getattr(again, name) is None, name
    assert len(again.errors) == 1
    (held,) = claim(backend)
    assert held.token > 1
    backend.store.succeed(held, 3)
    assert backend.requeue(result.id) is Requeueing.DONE


def test_task_that_is_not_finished_is_not_requeued(backend: DatabaseBackend) -> None:
    result = tasks.add.enqueue(1, 2)

    assert backend.requeue(result.id) is Requeueing.SKIPPED
    claim(backend)
    answer = backend.requeue(result.id)

    assert answer is Requeueing.SKIPPED
    assert not answer
    assert row(backend, result).status == "RUNNING"


def test_requeued_task_keeps_a_time_to_come(backend: DatabaseBackend) -> None:
    result = tasks.add.using(run_after=HOUR).enqueue(1, 2)
    result.cancel()

    backend.requeue(result.id)

    assert claim(backend) == []
    assert row(backend, result).wake_at == row(backend, result).run_after


def test_deadline_that_has_passed_goes_and_another_stays(backend: DatabaseBackend) -> None:
    late = tasks.add.using(expires=HOUR).enqueue(1, 2)
    other = tasks.add.using(expires=HOUR).enqueue(1, 2)
    backend.cancel_many([late.id, other.id])
    backend.store.tasks.filter(id=late.id).update(expires_at=timezone.now() - HOUR)
    deadline = row(backend, other).expires_at

    backend.requeue_many([late.id, other.id])

    assert row(backend, late).expires_at is None
    assert row(backend, other).expires_at == deadline
    backend.cancel(late.id)
    backend.requeue(late.id, expires_at=timezone.now() + 2 * HOUR)
    assert row(backend, late).expires_at > timezone.now() + HOUR  # type: ignore[operator]


def test_requeue_respects_a_unique_key_that_another_task_has(backend: DatabaseBackend) -> None:
    first = controlled.once.enqueue(1)
    first.cancel()
    second = controlled.once.enqueue(1)
    other = controlled.once.enqueue(2)
    other.cancel()

    answers = backend.requeue_many([first.id, other.id])

    assert answers == {first.id: Requeueing.DUPLICATE, other.id: Requeueing.DONE}
    assert row(backend, first).status == "FAILED"
    second.cancel()
    assert backend.requeue(first.id) is Requeueing.DONE


def test_requeued_task_of_a_batch_is_pending_again(backend: DatabaseBackend) -> None:
    batch = tasks.add.enqueue_many([(1, 2), (3, 4)], on_complete=controlled.heard)
    backend.cancel(batch.ids[0])
    counts = BatchRow.objects.using(backend.database)
    assert (counts.get().pending, counts.get().failed) == (1, 1)

    backend.requeue(batch.ids[0])

    assert (counts.get().pending, counts.get().failed) == (2, 0)


def test_row_that_old_code_sent_is_requeued_only_where_its_message_can_be_made_again(
    backend: DatabaseBackend,
) -> None:
    whole = tasks.add.enqueue(1, 2)
    partly = tasks.add.enqueue(1, 2)
    backend.cancel_many([whole.id, partly.id])
    backend.store.tasks.update(enqueued_at=None, on_lost="retry")
    backend.store.tasks.filter(id=partly.id).update(on_lost="fail")

    answers = backend.requeue_many([whole.id, partly.id])

    assert answers == {whole.id: Requeueing.DONE, partly.id: Requeueing.INCOMPLETE}


# Pause


def test_nothing_is_claimed_from_a_paused_queue(backend: DatabaseBackend) -> None:
    mail = tasks.note_mail.enqueue("x")
    plain = tasks.add.enqueue(1, 2)
    limited = controlled.one_by_one.using(queue_name="mail").enqueue("x")

    assert pause_queue("mail")
    assert not pause_queue("mail")

    assert paused_queues() == ["mail"]
    assert backend.store.look("db").queues == ("default",)
    assert [str(held.id) for held in claim(backend, queues=["mail", "default"])] == [plain.id]
    assert mail.cancel() is limited.cancel() is Cancellation.DONE
    again = tasks.note_mail.enqueue("again")

    assert resume_queue("mail")
    assert not resume_queue("mail")
    assert paused_queues() == []
    assert [str(held.id) for held in claim(backend)] == [again.id]


def test_pause_of_one_transport_is_none_of_another(backend: DatabaseBackend) -> None:
    tasks.add.enqueue(1, 2)
    backend.store.control.pause("celery", "default")

    assert len(claim(backend)) == 1


def test_running_task_of_a_paused_queue_ends_as_usual(backend: DatabaseBackend) -> None:
    tasks.add.enqueue(1, 2)
    (held,) = claim(backend)
    pause_queue("default")

    assert backend.store.retry_later(held, describe(ValueError()), 0)
    assert claim(backend) == []


def test_pause_is_undone_with_the_transaction(backend: DatabaseBackend) -> None:
    with rolled_back(backend):
        pause_queue("mail")

    assert paused_queues() == []


def test_queue_that_nobody_has_cannot_be_paused(backend: DatabaseBackend) -> None:
    with pytest.raises(ValueError, match=r"'nope' is not in QUEUES.*default, mail, slow"):
        pause_queue("nope")
    with pytest.raises(NotImplementedError, match=r"TASKS\['here'\] is ImmediateBackend"):
        pause_queue("default", backend="here")

"""What old code is told of tasks that the ledger has ended."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from celery import Celery
from celery.exceptions import TaskRevokedError
from celery.worker import state
from celery.worker.control import Panel
from django.db import transaction
from django.utils import timezone

from bridge import Cancellation
from bridge.ledger.models import TaskRow
from compat.celery import deaths, legacy_readers
from compat.celery.backend import CeleryBackend
from compat.celery.legacy_readers import heed_the_ledger, tell_lost
from compat.celery.notices import Notices, notices
from tests.app import tasks
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broadcast(app: Celery) -> Iterator[mock.Mock]:
    with mock.patch.object(app.control, "broadcast") as broadcast:
        yield broadcast
        assert notices.wait(30)


def test_cancelled_task_is_revoked_to_old_workers_and_to_old_readers(
    backend: CeleryBackend, app: Celery, broadcast: mock.Mock
) -> None:
    ids = [str(tasks.add.enqueue(1, 2).id) for _ in range(3)]

    backend.cancel_many(ids[:2])

    assert notices.wait(30)
    (call,) = broadcast.call_args_list
    assert call.args == ("revoke",)
    assert sorted(call.kwargs["arguments"]["task_id"]) == ids[:2]
    assert [app.AsyncResult(id_).state for id_ in ids] == ["REVOKED", "REVOKED", "PENDING"]
    assert isinstance(app.AsyncResult(ids[0]).result, TaskRevokedError)


def test_nobody_is_told_of_a_cancellation_that_is_rolled_back(
    backend: CeleryBackend, app: Celery, broadcast: mock.Mock
) -> None:
    result = tasks.add.enqueue(1, 2)

    with transaction.atomic():
        result.cancel()
        transaction.set_rollback(True)

    assert notices.wait(30)
    assert not broadcast.called
    assert app.AsyncResult(str(result.id)).state == "PENDING"


def test_broker_that_hangs_or_refuses_keeps_nobody_waiting(
    backend: CeleryBackend, app: Celery, broadcast: mock.Mock, caplog: pytest.LogCaptureFixture
) -> None:
    hangs = threading.Event()
    broadcast.side_effect = lambda *a, **k: hangs.wait(60) and 1 / 0
    result = tasks.add.enqueue(1, 2)

    assert result.cancel() is Cancellation.DONE

    assert not notices.wait(0.01)  # it still hangs
    hangs.set()
    assert notices.wait(30)
    assert "ZeroDivisionError" in caplog.text
    assert app.AsyncResult(str(result.id)).state == "REVOKED"


@pytest.mark.parametrize("results", [None, "rpc://"])
def test_nothing_is_stored_where_nobody_could_read_it(
    backend: CeleryBackend, app: Celery, broadcast: mock.Mock, results: str | None
) -> None:
    app.conf.result_backend = results
    app.backend_cls = results  # type: ignore[attr-defined]
    result = tasks.add.enqueue(1, 2)
    with mock.patch.object(type(app.backend), "store_result") as store:
        result.cancel()
        assert notices.wait(30)

    assert not store.called


def test_lost_task_reads_as_celery_itself_stores_it(backend: CeleryBackend, app: Celery) -> None:
    result = tasks.add.enqueue(1, 2)

    tell_lost(backend, str(result.id), "gone")

    assert notices.wait(30)
    read = app.AsyncResult(str(result.id))
    assert (read.state, type(read.result).__name__) == ("FAILURE", "WorkerLostError")


def test_worker_of_the_new_code_hears_of_people_and_not_of_the_ledger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(Panel.data, "revoke", Panel.data["revoke"])
    heed_the_ledger()
    heed_the_ledger()
    worker: Any = mock.Mock()

    Panel.data["revoke"](worker, ["a"], terminate=False, **{legacy_readers.BY_THE_LEDGER: True})
    Panel.data["revoke"](worker, ["b"], terminate=False)

    assert "a" not in state.revoked
    assert "b" in state.revoked
    state.revoked.discard("b")


def test_notices_beyond_a_number_are_left_out_while_one_hangs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("compat.celery.notices.MOST", 2)
    hangs, said = threading.Event(), []
    own = Notices()
    own.put(lambda: hangs.wait(60) and None)
    while own._queue.qsize():
        time.sleep(0.01)

    for number in range(4):
        own.put(lambda number=number: said.append(number))
    hangs.set()

    assert own.wait(30)
    assert said == [0, 1]
    assert "too much waits" in caplog.text


def test_result_of_a_task_that_is_requeued_is_forgotten_and_no_other(
    backend: CeleryBackend, app: Celery, broadcast: mock.Mock
) -> None:
    ids = [str(tasks.add.enqueue(1, 2).id) for _ in range(2)]
    for id_ in ids:
        app.backend.mark_as_done(id_, 3)
        backend.get_result(id_)  # which settles it

    backend.requeue(ids[0])

    assert [app.AsyncResult(id_).state for id_ in ids] == ["PENDING", "SUCCESS"]
    assert backend.get_result(ids[0]).status == "READY"


def test_result_backend_that_is_away_does_not_stop_requeueing(
    backend: CeleryBackend, app: Celery, broadcast: mock.Mock
) -> None:
    result = tasks.add.enqueue(1, 2)
    result.cancel()
    assert notices.wait(30)

    with mock.patch.object(app.backend, "forget", side_effect=OSError("away")):
        assert backend.requeue(str(result.id))

    assert backend.get_result(str(result.id)).status == "READY"


@pytest.mark.parametrize("by_people", [False, True])
def test_requeued_task_runs_on_a_worker_that_has_learnt_of_the_revoke_from_an_old_one(
    backend: CeleryBackend,
    broker: Broker,
    broadcast: mock.Mock,
    monkeypatch: pytest.MonkeyPatch,
    by_people: bool,
) -> None:
    """Workers tell a neighbour that starts what they were told to revoke."""
    monkeypatch.setitem(Panel.data, "revoke", Panel.data["revoke"])
    heed_the_ledger()
    task_id = str(tasks.add.enqueue(1, 2).id)
    backend.cancel(task_id)
    assert notices.wait(30)
    backend.requeue(task_id)
    state.merge_revoked([task_id])
    if by_people:
        Panel.data["revoke"](mock.Mock(), task_id)
    broker.take()
    TaskRow.objects.update(enqueued_at=timezone.now() - dt.timedelta(minutes=1))

    deaths.revoke(backend, "w", task_id, "revoked")

    assert backend.get_result(task_id).status == ("FAILED" if by_people else "READY")
    assert (task_id in state.revoked) is by_people
    assert len(broker.take()) == (0 if by_people else 1)
    state.revoked.discard(task_id)

"""The sweep through rows whose messages old workers may have taken."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from unittest import mock

import pytest
from celery import Celery
from django.utils import timezone

from bridge import get_batch
from bridge.expiring import expire
from bridge.interface import task_finished
from bridge.ledger.models import FAILED, READY, RUNNING, SUCCESSFUL, TaskRow
from compat.celery import sweep
from compat.celery.backend import CeleryBackend
from compat.celery.sweep import LONGEST_PAUSE, PAUSE, Sweep
from tests.app import hooks, tasks

pytestmark = pytest.mark.django_db(transaction=True)
UNKNOWN = {"exc_type": "NotRegistered", "exc_module": "celery.exceptions", "exc_message": "x"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "AGE", dt.timedelta(0))


def enqueue(count: int = 1) -> list[str]:
    return [str(tasks.add.enqueue(index, 1).id) for index in range(count)]


def statuses(ids: list[str]) -> list[str]:
    found = {str(row.id): row.status for row in TaskRow.objects.all()}
    return [found[id_] for id_ in ids]


def work(each: Sweep) -> None:
    each.due = 0.0
    each.work()


def test_what_old_workers_have_finished_is_settled_and_nothing_else(
    backend: CeleryBackend, app: Celery
) -> None:
    done, failed, revoked, started, again, waits, running, later = ids = enqueue(8)
    app.backend.mark_as_done(done, 1)
    app.backend.mark_as_failure(failed, LookupError("x"))
    app.backend.mark_as_revoked(revoked, "revoked")
    app.backend.mark_as_started(started)
    app.backend.mark_as_retry(again, LookupError("x"))
    for id_ in (running, later):
        app.backend.mark_as_done(id_, 1)
    TaskRow.objects.filter(id=running).update(status=RUNNING, worker="w", token=1)
    tomorrow = timezone.now() + dt.timedelta(days=1)
    TaskRow.objects.filter(id=later).update(wake_at=tomorrow)

    Sweep(backend).work()

    ends = [SUCCESSFUL, FAILED, FAILED, READY, READY, READY, RUNNING, READY]
    assert statuses(ids) == ends
    assert waits  # of it nothing is stored


def test_a_pass_is_made_in_parts_oldest_first_and_begins_anew(
    backend: CeleryBackend, app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "AT_ONCE", 2)
    monkeypatch.setattr(sweep, "SLICE", 1e-9)
    ids = enqueue(5)
    for id_ in ids[1:]:
        app.backend.mark_as_done(id_, 1)
    each = Sweep(backend)

    seen = []
    for _ in range(3):
        each.work()
        seen.append(statuses(ids).count(SUCCESSFUL))
    app.backend.mark_as_done(ids[0], 1)
    work(each)

    assert seen == [1, 3, 4]
    assert statuses(ids) == [SUCCESSFUL] * 5


@pytest.mark.parametrize("ahead", [1, 3, 5, 6])
def test_pass_orders_many_rows_at_once_and_leaves_none_out(
    backend: CeleryBackend, app: Celery, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    """To find the oldest, the database reads all that wait."""
    monkeypatch.setattr(sweep, "AT_ONCE", 2)
    monkeypatch.setattr(sweep, "MOST_AHEAD", ahead)
    monkeypatch.setattr(sweep, "SLICE", 30)
    ids = enqueue(5)
    for id_ in ids:
        app.backend.mark_as_done(id_, 1)
    messages = backend.store.messages

    with mock.patch.object(messages, "published", side_effect=messages.published) as published:
        work(Sweep(backend))

    assert statuses(ids) == [SUCCESSFUL] * 5
    assert published.call_count <= 5 // ahead + 1


def test_pass_that_finds_nothing_is_followed_by_a_longer_pause(
    backend: CeleryBackend, app: Celery
) -> None:
    each = Sweep(backend)
    pauses = []
    for _ in range(7):
        work(each)
        pauses.append(each._pause)

    assert pauses == [4.0, 8.0, 16.0, 32.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    (id_,) = enqueue()
    app.backend.mark_as_done(id_, 1)
    work(each)
    assert each._pause == PAUSE


def test_result_backend_that_is_away_is_left_alone_for_a_while(
    backend: CeleryBackend, app: Celery, caplog: pytest.LogCaptureFixture
) -> None:
    (id_,) = enqueue()
    app.backend.mark_as_done(id_, 1)
    each = Sweep(backend)
    with mock.patch.object(app.backend, "mget", side_effect=OSError("away")) as mget:
        for _ in range(20):
            work(each)
        each.work()  # it is not its time

    assert mget.call_count == 20
    assert each._rest == sweep.LONGEST_REST
    assert "away" in caplog.text
    work(each)
    assert statuses([id_]) == [SUCCESSFUL]


@pytest.mark.parametrize("results", [None, "rpc://"])
def test_nothing_is_looked_for_where_nothing_can_be_read(
    backend: CeleryBackend, app: Celery, results: str | None
) -> None:
    app.conf.result_backend = results
    app.backend_cls = results  # type: ignore[attr-defined]

    assert Sweep(backend).due == math.inf


def test_hooks_and_batches_of_a_settled_row_go_on_once_and_it_is_announced_once(
    backend: CeleryBackend, app: Celery
) -> None:
    heard: list[Any] = []

    def hear(task_result: Any, **kwargs: Any) -> None:
        heard.append(str(task_result.id))

    task_finished.connect(hear)
    try:
        batch = hooks.either.enqueue_many(
            [(False,), (False,)], on_complete=hooks.collect.hook("complete")
        )
        for id_ in batch.ids:
            app.backend.mark_as_done(str(id_), "well")
        rows = list(TaskRow.objects.filter(id__in=batch.ids))
        for _ in range(2):
            work(Sweep(backend))
        for row in rows:  # somebody reads a result at the same time
            backend.get_result(str(row.id))
    finally:
        task_finished.disconnect(hear)

    assert get_batch(batch.batch_id).is_finished
    names = [row.args for row in TaskRow.objects.filter(task_path=hooks.collect.module_path)]
    assert sorted(names) == [["complete"], ["done"], ["done"]]
    assert sorted(heard) == sorted(map(str, batch.ids))


def test_message_of_an_unknown_name_is_sent_again_and_the_task_has_not_failed(
    backend: CeleryBackend, app: Celery
) -> None:
    (id_,) = enqueue()
    app.backend.store_result(id_, UNKNOWN, "FAILURE")
    long_ago = timezone.now() - dt.timedelta(minutes=5)
    with mock.patch("compat.celery.reconcile.datetime", **{"now.return_value": long_ago}):
        work(Sweep(backend))
    assert TaskRow.objects.get().published_at is not None

    later = timezone.now() + dt.timedelta(minutes=5)
    with mock.patch("compat.celery.reconcile.datetime", **{"now.return_value": later}):
        work(Sweep(backend))

    row = TaskRow.objects.get()
    assert (row.status, row.published_at, len(row.errors)) == (READY, None, 1)


def test_expired_task_fails_once_no_result_says_that_it_has_run(
    backend: CeleryBackend, app: Celery
) -> None:
    """Old workers may have run it in time while no worker of this code was there to see it."""
    done, begun, unheard, awake = ids = enqueue(4)
    yesterday = timezone.now() - dt.timedelta(days=1)
    TaskRow.objects.exclude(id=awake).update(expires_at=yesterday)
    app.backend.mark_as_done(done, 1)
    app.backend.mark_as_started(begun)

    expire(backend, sent=False)
    before = statuses(ids)
    with mock.patch.object(app.backend, "mget", side_effect=OSError("away")):
        work(Sweep(backend))
    away = statuses(ids)
    work(Sweep(backend))

    assert before == away == [READY] * 4
    assert statuses(ids) == [SUCCESSFUL, READY, FAILED, READY]
    (error,) = TaskRow.objects.get(id=unheard).errors
    assert error["exception_class_path"] == "bridge.exceptions.TaskExpired"

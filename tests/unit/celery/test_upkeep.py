"""The relay, and what becomes of tasks whose process is gone."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from celery import Celery
from django.utils import timezone
from kombu.exceptions import OperationalError

from bridge.backends import carried
from bridge.expiring import expire
from bridge.ledger.models import FAILED, READY, RUNNING, TaskRow
from compat.celery import deaths
from compat.celery.backend import CeleryBackend
from compat.celery.deaths import Orphans, revoke, time_out, worker_lost
from compat.celery.relay import relay
from tests.app import tasks
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)
SEND = "compat.celery.wire.send"
LONG_AGO = dt.timedelta(minutes=1)
GONE = f"host:{2**22 + 1}"  # no process has an id above the kernel's limit


def refused(age: dt.timedelta = LONG_AGO, **fields: Any) -> TaskRow:
    """Enqueue while the broker is down, some time ago."""
    with mock.patch(SEND):
        result = tasks.add.enqueue(1, 2)
    known = TaskRow.objects.filter(id=result.id)
    known.update(**{"enqueued_at": timezone.now() - age, "published_at": None, **fields})
    return known.get()


def running(on_lost: str = "retry", process: str = GONE) -> TaskRow:
    """Enqueue a task that a process of worker "w" is running."""
    row = refused(on_lost=on_lost, published_at=timezone.now())
    TaskRow.objects.filter(id=row.id).update(
        status=RUNNING, worker="w", token=1, worker_ids=[process]
    )
    return TaskRow.objects.get(id=row.id)


def test_relay_sends_what_waits_once(backend: CeleryBackend, broker: Broker) -> None:
    row = refused()

    assert [relay(backend), relay(backend)] == [1, 0]

    assert [message.headers["id"] for message in broker.take()] == [str(row.id)]
    assert TaskRow.objects.get().published_at is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"age": dt.timedelta(0)},  # its publisher may still be at it
        {"published_at": timezone.now()},
        {"status": RUNNING},
        {"transport": "db"},
        {"token": 1, "run_after": timezone.now() + dt.timedelta(hours=1)},
    ],
)
def test_relay_leaves_alone_what_is_not_its_own(
    backend: CeleryBackend, broker: Broker, fields: dict[str, Any]
) -> None:
    refused(**fields)

    assert relay(backend) == 0
    assert broker.take() == []


def test_relay_leaves_the_rows_of_another_backend_on_celery_to_it(
    backend: CeleryBackend, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = CeleryBackend("another", backend.params)
    monkeypatch.setattr(carried, "bridge_backends", lambda: [backend, another])
    refused(backend="another")

    assert relay(backend) == 0


def test_relay_sends_the_rows_of_an_alias_that_left_celery(
    backend: CeleryBackend, broker: Broker
) -> None:
    row = refused(backend="moved-to-the-database")

    assert relay(backend) == 1
    assert [message.headers["id"] for message in broker.take()] == [str(row.id)]


def test_relayed_message_keeps_time_and_number_of_its_attempt(
    backend: CeleryBackend, broker: Broker
) -> None:
    later = timezone.now() + dt.timedelta(hours=1)
    first = refused(run_after=later)
    again = refused(token=2, worker_ids=["a", "b", "c"], losses=1)

    relay(backend)

    headers = {message.headers["id"]: message.headers for message in broker.take()}
    assert dt.datetime.fromisoformat(headers[str(first.id)]["eta"]) == later
    assert headers[str(again.id)]["retries"] == 2


def test_broker_that_is_down_stops_the_relay_and_changes_nothing(
    backend: CeleryBackend,
) -> None:
    refused(), refused()

    with mock.patch("compat.celery.relay.send", side_effect=OperationalError("refused")) as send:
        assert relay(backend) == 0

    assert send.call_count == 1
    assert set(TaskRow.objects.values_list("published_at", flat=True)) == {None}


def test_task_the_broker_refuses_does_not_stop_the_others(
    backend: CeleryBackend, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = refused(), refused()

    def send(_: object, row: TaskRow, *args: object) -> None:
        if row.id == bad.id:
            raise ValueError("no such exchange")

    with mock.patch("compat.celery.relay.send", send):
        assert relay(backend) == 1

    assert TaskRow.objects.get(id=good.id).published_at is not None
    assert f"task={bad.id}" in caplog.text


@pytest.mark.parametrize(("on_lost", "status"), [("retry", READY), ("fail", FAILED)])
def test_lost_child_leaves_its_task_as_on_lost_says(
    backend: CeleryBackend, broker: Broker, on_lost: str, status: str
) -> None:
    row = running(on_lost)

    worker_lost(backend, "w", str(row.id), "signal 9")

    stored = TaskRow.objects.get()
    assert (stored.status, stored.losses) == (status, 1)
    assert len(broker.take()) == (1 if on_lost == "retry" else 0)


def test_sibling_that_runs_the_next_attempt_keeps_it(backend: CeleryBackend) -> None:
    row = running(process=f"host:{os.getpid()}")

    worker_lost(backend, "w", str(row.id), "signal 9")

    assert TaskRow.objects.get().status == RUNNING


def test_task_acknowledged_and_never_claimed_is_sent_again(
    backend: CeleryBackend, broker: Broker
) -> None:
    row = refused(published_at=timezone.now(), on_lost="fail")

    worker_lost(backend, "w", str(row.id), "signal 9")
    relay(backend)

    assert [message.headers["id"] for message in broker.take()] == [str(row.id)]


def test_row_that_another_is_sending_is_looked_at_once(
    backend: CeleryBackend, broker: Broker
) -> None:
    busy, free = refused(), refused()
    asked = []

    @contextmanager
    def publishing(row: TaskRow) -> Iterator[bool]:
        asked.append(row.id)
        if row.id == free.id:
            TaskRow.objects.filter(id=row.id).update(published_at=timezone.now())
        yield row.id == free.id

    with mock.patch.object(backend.store.messages, "publishing", publishing):
        assert relay(backend) == 1

    assert sorted(asked) == sorted([busy.id, free.id])


def test_overdue_task_fails(backend: CeleryBackend) -> None:
    row = running()

    time_out(backend, "w", str(row.id))

    stored = TaskRow.objects.get()
    assert stored.status == FAILED
    assert stored.errors[0]["exception_class_path"] == "bridge.exceptions.HardTimeout"


def test_other_workers_task_is_not_touched(backend: CeleryBackend) -> None:
    row = running()

    for settle in (worker_lost, revoke):
        settle(backend, "other", str(row.id), "terminated")
    time_out(backend, "other", str(row.id))

    assert TaskRow.objects.get().status == RUNNING


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("revoked", "celery.exceptions.TaskRevokedError"),
        ("expired", "bridge.exceptions.TaskExpired"),
    ],
)
def test_revoked_message_fails_its_task_unless_it_runs(
    backend: CeleryBackend, word: str, error: str
) -> None:
    waiting, busy = refused(published_at=timezone.now()), running()
    TaskRow.objects.update(expires_at=timezone.now())

    for row in (waiting, busy):
        revoke(backend, "w", str(row.id), word)

    stored = TaskRow.objects.get(id=waiting.id)
    assert stored.status == FAILED
    assert stored.errors[0]["exception_class_path"] == error
    assert TaskRow.objects.get(id=busy.id).status == RUNNING


@pytest.mark.parametrize("expires_in", [None, LONG_AGO])
def test_old_message_that_has_expired_leaves_a_requeued_task_alone(
    backend: CeleryBackend, expires_in: dt.timedelta | None
) -> None:
    row = refused(expires_at=expires_in and timezone.now() + expires_in)

    revoke(backend, "w", str(row.id), "expired")

    assert TaskRow.objects.get().status == READY


def test_task_of_whose_end_nobody_hears_expires_in_the_ledger(
    backend: CeleryBackend, broker: Broker
) -> None:
    past, soon = timezone.now() - LONG_AGO, timezone.now() + LONG_AGO
    late = refused(published_at=timezone.now(), expires_at=past - LONG_AGO)
    maybe_run = refused(published_at=timezone.now(), expires_at=past)
    unsent, awake = refused(expires_at=past), refused(expires_at=soon)
    busy = running()
    TaskRow.objects.filter(id=busy.id).update(expires_at=past)

    expire(backend, sent=True)
    relay(backend)

    states = dict(TaskRow.objects.values_list("id", "status"))
    assert {id_ for id_, state in states.items() if state == FAILED} == {late.id, unsent.id}
    assert (states[maybe_run.id], states[awake.id], states[busy.id]) == (READY, READY, RUNNING)
    (message,) = broker.take()
    assert dt.datetime.fromisoformat(message.headers["expires"]) == soon


def test_row_whose_request_the_pool_has_not_is_lost_at_the_second_look(
    backend: CeleryBackend, app: Celery
) -> None:
    row = running("fail")
    orphans = Orphans("w")

    orphans.settle(backend)
    assert TaskRow.objects.get().status == RUNNING
    orphans.settle(backend)
    assert TaskRow.objects.get(id=row.id).status == FAILED


def test_row_whose_request_the_pool_has_is_no_orphan(backend: CeleryBackend) -> None:
    row = running("fail")
    orphans = Orphans("w")

    with mock.patch.object(deaths, "_requests", return_value=[mock.Mock(id=str(row.id))]):
        orphans.settle(backend)
        orphans.settle(backend)

    assert TaskRow.objects.get().status == RUNNING

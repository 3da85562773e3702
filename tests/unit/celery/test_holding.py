"""Tasks that are due much later wait in the ledger, and leave in time."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery
from celery.app.trace import build_tracer
from django.db import transaction
from django.utils import timezone

from bridge.ledger.models import TaskRow
from compat.celery import holder
from compat.celery.backend import CeleryBackend
from compat.celery.maintenance import Maintenance
from compat.celery.relay import relay
from tests.app import tasks
from tests.unit.celery import declared
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def holding(configure: Callable[..., CeleryBackend]) -> CeleryBackend:
    """A backend with a worker, which holds what is due in more than ten minutes."""
    backend = configure(HOLD_ETA=600)
    backend.leases.renew("w", "celery")
    return backend


def later(ahead: dt.timedelta, **more: Any) -> TaskRow:
    result = tasks.note.using(run_after=timezone.now() + ahead, **more).enqueue("x")
    return TaskRow.objects.get(id=result.id)


def made_earlier(row: TaskRow, ago: dt.timedelta) -> None:
    """Let time pass for a row."""
    known = TaskRow.objects.filter(id=row.id)
    known.update(enqueued_at=row.enqueued_at - ago, run_after=row.run_after - ago)


def test_far_task_waits_and_a_near_one_leaves(holding: CeleryBackend, broker: Broker) -> None:
    far, near = later(HOUR), later(HOUR / 10)

    assert (far.published_at, near.published_at is None) == (None, False)
    assert [message.headers["id"] for message in broker.take()] == [str(near.id)]


def test_relay_sends_it_ahead_of_time_with_its_eta(holding: CeleryBackend, broker: Broker) -> None:
    row = later(HOUR)
    made_earlier(row, HOUR - dt.timedelta(seconds=660))
    assert relay(holding) == 0

    made_earlier(row, HOUR - dt.timedelta(seconds=300))
    assert [relay(holding), relay(holding)] == [1, 0]

    (message,) = broker.take()
    row.refresh_from_db()
    assert dt.datetime.fromisoformat(message.headers["eta"]) == row.run_after
    assert message.headers["id"] == str(row.id)


def test_it_waits_after_a_commit_and_among_many_too(holding: CeleryBackend, broker: Broker) -> None:
    with transaction.atomic():
        later(HOUR)
    task = tasks.note.using(run_after=timezone.now() + HOUR)
    task.enqueue_many([("a",), ("b",)])

    assert TaskRow.objects.filter(published_at=None).count() == 3
    assert broker.take() == []


def test_without_anybody_to_relay_it_the_message_leaves_at_once(
    holding: CeleryBackend, broker: Broker
) -> None:
    holding.leases.end("w")

    row = later(HOUR)

    assert [message.headers["id"] for message in broker.take()] == [str(row.id)]


def test_attempt_that_follows_much_later_waits_too(
    configure: Callable[..., CeleryBackend], app: Celery, broker: Broker
) -> None:
    backend = configure(HOLD_ETA=30)
    message = declared.stubborn.enqueue(5)
    (sent,) = broker.take()

    holder.take("unit@host")
    task = app.tasks["tests.unit.celery.declared.stubborn"]
    how = build_tracer(task.name, task, app=app)(
        message.id, sent.payload[0], sent.payload[1], {**sent.headers, "hostname": "unit@host"}
    )

    row = TaskRow.objects.get(id=message.id)
    assert (row.status, row.token, row.published_at) == ("READY", 1, None)
    assert how.info.state == "RETRY"
    assert (broker.take(), relay(backend)) == ([], 0)

    TaskRow.objects.update(run_after=timezone.now() - dt.timedelta(seconds=6))
    assert relay(backend) == 1
    (again,) = broker.take()
    assert (again.headers["id"], again.headers["retries"]) == (message.id, 1)


@pytest.mark.parametrize(
    ("url", "options", "seconds"),
    [
        ("redis://", {}, 1800),
        ("redis://", {"visibility_timeout": 50}, 25),
        ("amqp://", {}, 900),
        ("amqp://one;amqp://two", {}, 900),
        ("memory://", {}, None),
    ],
)
def test_default_is_half_of_what_the_broker_waits(
    configure: Callable[..., CeleryBackend],
    app: Celery,
    url: str,
    options: dict[str, Any],
    seconds: float | None,
) -> None:
    app.conf.broker_url = url
    app.conf.broker_transport_options = options

    assert configure().hold_eta == seconds


def test_holding_can_be_turned_off(configure: Callable[..., CeleryBackend], app: Celery) -> None:
    app.conf.broker_url = "redis://"

    assert configure(HOLD_ETA=math.inf).hold_eta is None


def test_worker_looks_often_enough(configure: Callable[..., CeleryBackend]) -> None:
    configure(HOLD_ETA=4)
    assert Maintenance("w").interval == 2

    configure(HOLD_ETA=600)
    assert Maintenance("w").interval == 10

"""REQUIRE_CONSUMER: tasks wait until every worker of their queue knows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from celery import Celery
from django.utils import timezone

from bridge.ledger.models import TaskRow
from compat.celery import consumers
from compat.celery.backend import CeleryBackend
from compat.celery.relay import relay
from tests.app import tasks
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)
NOTE = "legacy.note"


@pytest.fixture
def gated(configure: Callable[..., CeleryBackend], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(consumers, "ASK_EVERY", 0)
    return configure(REQUIRE_CONSUMER=True)


def say(app: Celery, **nodes: tuple[list[str], list[str]]) -> Any:
    """Let workers answer with their queues and the names of their tasks."""
    inspect = mock.Mock()
    inspect.active_queues.return_value = {
        node: [{"name": queue} for queue in queues] for node, (queues, _) in nodes.items()
    }
    inspect.registered.return_value = {node: names for node, (_, names) in nodes.items()}
    return mock.patch.object(app.control, "inspect", return_value=inspect)


def enqueue(**more: Any) -> TaskRow:
    result = tasks.note.using(**more).enqueue("x")
    ago = timezone.now() - dt.timedelta(minutes=1)
    TaskRow.objects.filter(id=result.id).update(enqueued_at=ago)
    return TaskRow.objects.get(id=result.id)


def test_task_waits_for_the_last_worker_of_its_queue(
    gated: CeleryBackend, app: Celery, broker: Broker
) -> None:
    queue = app.conf.task_default_queue
    row = enqueue()
    assert row.published_at is None

    for nodes in (
        {},
        {"new": (["elsewhere"], [NOTE])},
        {"new": ([queue], [NOTE]), "old": ([queue, "mail"], ["add"])},
    ):
        with say(app, **nodes):
            assert relay(gated) == 0
    with say(app, new=([queue], [f"{NOTE} [rate_limit=1/s]"]), old=(["mail"], ["add"])):
        assert relay(gated) == 1

    assert [message.headers["id"] for message in broker.take()] == [str(row.id)]


def test_tasks_behind_one_that_waits_are_sent(
    gated: CeleryBackend, app: Celery, broker: Broker
) -> None:
    waiting, known = enqueue(), enqueue(queue_name="mail")

    with say(app, new=([app.conf.task_default_queue], ["add"]), mail=(["mail"], [NOTE])):
        assert relay(gated) == 1

    assert TaskRow.objects.get(id=waiting.id).published_at is None
    assert [message.headers["id"] for message in broker.take("mail")] == [str(known.id)]


def test_producer_sends_by_itself_once_its_first_task_has_been_sent(
    gated: CeleryBackend, app: Celery, broker: Broker
) -> None:
    first, second = enqueue(), enqueue()
    assert (first.published_at, second.published_at) == (None, None)
    with say(app, new=([app.conf.task_default_queue], [NOTE])):
        assert relay(gated) == 2

    with say(app) as asked:
        third = enqueue()

    assert third.published_at is not None
    assert len(broker.take()) == 3
    asked.assert_not_called()


@pytest.mark.parametrize("fate", ["rolled back", "cancelled", "deferred"])
def test_producer_is_not_stuck_with_a_first_task_that_is_never_sent(
    gated: CeleryBackend, app: Celery, broker: Broker, fate: str
) -> None:
    if fate == "deferred":
        enqueue(run_after=timezone.now() + dt.timedelta(days=1))
        TaskRow.objects.update(transport="db")
    first = enqueue()
    if fate == "cancelled":
        gated.cancel(str(first.id))
        enqueue()
    if fate == "rolled back":
        TaskRow.objects.filter(id=first.id).delete()
        enqueue()
    with say(app, new=([app.conf.task_default_queue], [NOTE])):
        assert relay(gated) == 1

    assert enqueue().published_at is not None

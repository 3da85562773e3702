"""send_tasks does what a worker of the new code would do, where there is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from bridge.ledger.models import TaskRow
from compat.celery.backend import CeleryBackend
from tests.app import tasks
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def backend(configure: Callable[..., CeleryBackend]) -> CeleryBackend:
    """A backend that has not sent one task that is due, and holds one that is due in an hour."""
    backend = configure(HOLD_ETA=600)
    backend.leases.renew("w", "celery")
    due = tasks.note.enqueue("due")
    tasks.note.using(run_after=timezone.now() + HOUR).enqueue("later")
    before = timezone.now() - dt.timedelta(minutes=1)
    TaskRow.objects.filter(id=due.id).update(published_at=None)
    TaskRow.objects.update(enqueued_at=before)
    return backend


def send_tasks(*arguments: str) -> str:
    out = StringIO()
    call_command("send_tasks", *arguments, stdout=out)
    return out.getvalue()


def sent(broker: Broker) -> list[Any]:
    return [message.payload[0][0] for message in broker.take()]


def test_what_is_due_is_sent_and_the_rest_is_told(backend: CeleryBackend, broker: Broker) -> None:
    broker.take()

    text = send_tasks()

    assert sent(broker) == ["due"]
    assert text == "default: sent 1 task(s).\ndefault: 0 wait, and 1 are due much later.\n"


def test_all_are_sent_with_their_eta(backend: CeleryBackend, broker: Broker) -> None:
    broker.take()

    assert send_tasks("--all") == "default: sent 2 task(s).\n"

    messages = broker.take()
    assert sorted(bool(message.headers["eta"]) for message in messages) == [False, True]
    assert not TaskRow.objects.filter(published_at=None)


def test_dry_run_sends_nothing(backend: CeleryBackend, broker: Broker) -> None:
    broker.take()

    text = send_tasks("--dry-run")

    assert sent(broker) == []
    assert text == "default: 1 wait, and 1 are due much later.\n"


def test_broker_that_is_away_is_an_error_and_nothing_is_lost(backend: CeleryBackend) -> None:
    backend.app.conf.broker_write_url = "amqp://guest:guest@127.0.0.1:1//"

    with pytest.raises(CommandError, match=r"1 task\(s\) could not be sent"):
        send_tasks()

    assert TaskRow.objects.filter(published_at=None).count() == 2


def test_backend_without_messages_is_refused(backend: CeleryBackend, settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "bridge.DatabaseBackend"}}

    with pytest.raises(CommandError, match="sends no messages"):
        send_tasks("--backend", "default")

"""Cancel, requeue and pause where a broker carries the messages."""

from __future__ import annotations

import pytest

from bridge import Cancellation, Requeueing, pause_queue
from bridge.ledger.models import FAILED, READY, TaskRow
from compat.celery.backend import CeleryBackend
from tests.app import tasks
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)


def test_pause_names_what_does_it_in_celery(backend: CeleryBackend) -> None:
    with pytest.raises(NotImplementedError, match="`celery control cancel_consumer QUEUE`"):
        pause_queue("mail")


def test_requeued_task_is_sent_again(backend: CeleryBackend, broker: Broker) -> None:
    result = tasks.add.enqueue(1, 2)
    assert result.cancel() is Cancellation.DONE
    assert TaskRow.objects.get().status == FAILED
    broker.take()

    assert backend.requeue(result.id) is Requeueing.DONE

    assert [message.headers["id"] for message in broker.take()] == [result.id]
    row = TaskRow.objects.get()
    assert (row.status, row.published_at is None) == (READY, False)

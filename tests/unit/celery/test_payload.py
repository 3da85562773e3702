"""MAX_PAYLOAD, and how messages are published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from unittest import mock

import kombu
import pytest
from celery import Celery
from django.utils import timezone
from kombu.exceptions import OperationalError

from bridge import EnqueueError, PayloadTooLarge
from bridge.ledger.models import FAILED, READY, TaskRow
from compat.celery import producer
from compat.celery.backend import CeleryBackend
from compat.celery.producer import Unconfirmed, connect
from compat.celery.relay import relay
from tests.app import hooks, tasks
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)
SEND = "compat.celery.wire.send"


@pytest.fixture
def small(configure: Callable[..., CeleryBackend]) -> CeleryBackend:
    """A backend whose messages have 300 bytes at most."""
    return configure(MAX_PAYLOAD=300)


def test_large_message_is_refused_before_anything_is_written(
    small: CeleryBackend, broker: Broker
) -> None:
    with pytest.raises(PayloadTooLarge, match=r"'tests.app.tasks.note' has 3\d\d bytes") as caught:
        tasks.note.enqueue("x" * 300)
    with pytest.raises(PayloadTooLarge):
        tasks.note.enqueue_many([("x",), ("x" * 300,)])

    assert isinstance(caught.value, ValueError)
    assert not isinstance(caught.value, EnqueueError)
    assert (TaskRow.objects.count(), broker.take()) == (0, [])


def test_size_is_that_of_the_encoded_message(small: CeleryBackend, broker: Broker) -> None:
    tasks.note.enqueue("x" * 200)
    with pytest.raises(PayloadTooLarge):
        tasks.note.enqueue("\u0416" * 200)  # twelve hundred bytes in JSON

    assert len(broker.take()) == 1


def test_compressed_message_counts_as_what_is_left_of_it(
    small: CeleryBackend, app: Celery, broker: Broker
) -> None:
    app.conf.task_compression = "gzip"

    result = tasks.note.enqueue("x" * 3000)

    (message,) = broker.take()
    assert message.headers["compression"] == "application/x-gzip"
    assert message.headers["id"] == result.id
    assert message.payload[0] == ["x" * 3000]


def test_task_that_follows_another_and_is_too_large_ends_where_it_can_be_seen(
    small: CeleryBackend, broker: Broker
) -> None:
    parent = hooks.add.using(on_success=tasks.note.hook("x" * 300)).enqueue(1, 2)
    celery_task = small.app.tasks["tests.app.hooks.add"]
    celery_task.apply(args=(1, 2), task_id=parent.id)

    follower = TaskRow.objects.get(task_path="tests.app.tasks.note")
    assert follower.status == FAILED
    assert follower.errors[0]["exception_class_path"] == "bridge.exceptions.PayloadTooLarge"


def test_row_that_can_never_be_sent_ends_at_the_relay(
    small: CeleryBackend, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with mock.patch(SEND):
        good, bad = (tasks.note.enqueue(text).id for text in ("good", "bad"))
    ago = timezone.now() - dt.timedelta(minutes=1)
    TaskRow.objects.update(published_at=None, enqueued_at=ago)
    TaskRow.objects.filter(id=bad).update(args=["x" * 300])

    assert [relay(small), relay(small)] == [1, 0]

    stored = TaskRow.objects.get(id=bad)
    assert (stored.status, stored.published_at) == (FAILED, None)
    assert [message.headers["id"] for message in broker.take()] == [good]
    assert f"task={bad}" in caplog.text


def test_message_in_doubt_keeps_its_row_and_raises_nothing(backend: CeleryBackend) -> None:
    with mock.patch(SEND, side_effect=Unconfirmed("nothing heard")):
        result = tasks.note.enqueue("x")

    row = TaskRow.objects.get(id=result.id)
    assert (row.status, row.published_at) == (READY, None)


def test_silence_of_the_broker_is_doubt_and_not_a_refusal(backend: CeleryBackend) -> None:
    with (
        mock.patch.object(kombu.Producer, "_publish", side_effect=TimeoutError) as publish,
        pytest.raises(Unconfirmed),
        producer.producing(backend) as lent,
    ):
        lent.publish({}, retry=True, retry_policy={"max_retries": 3})

    assert publish.call_count == 1
    assert isinstance(Unconfirmed(), OperationalError)


def test_only_our_connections_ask_amqp_for_confirms(
    configure: Callable[..., CeleryBackend], app: Celery
) -> None:
    app.conf.broker_url = "amqp://127.0.0.1:1//"

    backend = configure()

    assert connect(backend).transport_options["confirm_publish"] is True
    assert "confirm_publish" not in app.connection_for_write().transport_options


def test_other_brokers_are_not_asked(backend: CeleryBackend) -> None:
    assert "confirm_publish" not in connect(backend).transport_options


def test_messages_of_celery_itself_are_not_measured(
    small: CeleryBackend, app: Celery, broker: Broker
) -> None:
    app.send_task("somebody.elses", ("x" * 3000,))

    assert len(broker.take()) == 1

"""Messages go to Redis through one client for each channel, whatever happens to its connections."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from celery import Celery
from kombu import Connection, Queue

from compat.celery.producer import connect
from tests.conftest import need
from tests.services import REDIS

QUEUE = "letters"


class Backend:
    """What connect() asks of a backend."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.broker = type("Broker", (), {"confirms": False})


@pytest.fixture
def connection(worker_id: str) -> Iterator[Connection]:
    need(REDIS)
    app = Celery("unit", broker=f"redis://{REDIS.host}:{REDIS.port}/9", set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": f"channel-{worker_id}:"}
    with connect(Backend(app)) as connection:  # type: ignore[arg-type]
        yield connection
        connection.default_channel.queue_delete(QUEUE)


def send(connection: Connection, text: str) -> None:
    connection.Producer().publish(text, routing_key=QUEUE)


def received(connection: Connection) -> list[Any]:
    queue = Queue(QUEUE)(connection.default_channel)
    messages = iter(partial(queue.get, no_ack=True), None)
    return [message.payload for message in messages]


def client(connection: Connection) -> Any:
    with connection.default_channel.conn_or_acquire() as client:
        return client


def test_client_is_kept_and_messages_arrive_under_the_prefix(connection: Connection) -> None:
    Queue(QUEUE)(connection.default_channel).declare()

    send(connection, "a")
    kept = client(connection)
    send(connection, "b")

    assert client(connection) is kept
    assert kept.llen(QUEUE) == 2
    assert kept.connection_pool is connection.default_channel.pool
    assert received(connection) == ["a", "b"]


def test_client_of_a_pool_that_is_gone_is_not_used_again(connection: Connection) -> None:
    Queue(QUEUE)(connection.default_channel).declare()
    send(connection, "a")
    kept = client(connection)

    connection.default_channel._disconnect_pools()  # as kombu does when a connection breaks
    send(connection, "b")

    assert client(connection) is not kept
    assert received(connection) == ["a", "b"]


def test_connection_of_another_kind_is_as_kombu_makes_it() -> None:
    app = Celery("unit", broker="memory://", set_as_current=False)

    with connect(Backend(app)) as connection:  # type: ignore[arg-type]
        assert connection.transport.__class__.__module__ == "kombu.transport.memory"
        assert not hasattr(connection.default_channel, "_kept")

"""QUEUE_MAP, and which queues have priorities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery
from kombu import Exchange, Queue

from bridge.interface import InvalidTask
from compat.celery.backend import CeleryBackend
from compat.celery.wire import Message
from tests.app import tasks
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)


def received(backend: CeleryBackend, queue: str, level: int | None = None) -> Any:
    """Return the row of a message that old code has sent."""
    message = Message(
        id="01a1fd57-c29f-71ce-a23f-e384e36ce66a",
        args=[],
        kwargs={},
        retries=0,
        eta=None,
        queue=queue,
        level=level,
        in_workflow=False,
        has_row=False,
    )
    return message.draft(backend, tasks.note)


def test_names_are_those_of_celery_on_the_wire_and_djangos_in_the_ledger(
    configure: Callable[..., CeleryBackend], broker: Broker
) -> None:
    backend = configure(QUEUE_MAP={"mail": "outgoing", "default": "slow"})
    broker.take("outgoing")

    tasks.note.using(queue_name="mail").enqueue("a")
    tasks.note.enqueue("b")

    assert [message.payload[0] for message in broker.take("outgoing")] == [["a"]]
    assert [message.payload[0] for message in broker.take("slow")] == [["b"]]
    assert received(backend, "outgoing").queue_name == "mail"
    assert received(backend, "slow").queue_name == "default"


def test_default_is_celerys_default_queue_unless_mapped(
    configure: Callable[..., CeleryBackend], app: Celery, broker: Broker
) -> None:
    backend = configure(QUEUE_MAP={"mail": app.conf.task_default_queue, "default": "slow"})

    tasks.note.using(queue_name="mail").enqueue("a")

    assert len(broker.take()) == 1
    assert received(backend, app.conf.task_default_queue).queue_name == "mail"


def test_queue_that_the_project_declares_keeps_its_exchange_and_routing_key(
    configure: Callable[..., CeleryBackend], app: Celery, broker: Broker
) -> None:
    topic = Exchange("media", type="topic")
    app.conf.task_queues = [Queue("videos", topic, routing_key="media.video")]
    backend = configure(QUEUE_MAP={"mail": "videos"})

    tasks.note.using(queue_name="mail").enqueue("a")

    (message,) = broker.take("videos")
    assert message.delivery_info["routing_key"] == "media.video"
    assert received(backend, "media.video").queue_name == "mail"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "must be a dict of names of queues"),
        ({"mail": ""}, "must be a dict of names of queues"),
        ({"nowhere": "celery"}, "has the queue 'nowhere', which is not in QUEUES"),
        ({"default": "mail"}, "leads 'default' and 'mail' to one queue, 'mail'"),
        ({"default": "x", "mail": "x"}, "leads 'default' and 'mail' to one queue, 'x'"),
    ],
)
def test_wrong_map_is_an_error(
    configure: Callable[..., CeleryBackend], names: Any, words: str
) -> None:
    (error,) = configure(QUEUE_MAP=names).check()

    assert error.id == "bridge.E011"
    assert words in error.msg


def test_right_map_is_no_error(configure: Callable[..., CeleryBackend]) -> None:
    assert configure(QUEUE_MAP={"mail": "outgoing"}).check() == []


@pytest.mark.parametrize(
    ("conf", "supported"),
    [
        ({"broker_url": "redis://"}, True),
        ({"broker_url": ["redis://one", "redis://two"]}, True),
        ({"broker_url": "redis://one;amqp://two"}, False),
        ({"broker_url": "amqp://"}, True),  # and W014 says which queues have none
        ({"broker_url": "amqp://one;amqp://two"}, True),
    ],
)
def test_priorities_are_supported_where_the_broker_has_them(
    configure: Callable[..., CeleryBackend], app: Celery, conf: Any, supported: bool
) -> None:
    app.conf.update(conf)

    backend = configure()

    assert backend.supports_priority is supported
    if supported:
        tasks.note.using(priority=5)
    else:
        with pytest.raises(InvalidTask, match="priority"):
            tasks.note.using(priority=5)


def test_levels_follow_the_queue(configure: Callable[..., CeleryBackend], app: Celery) -> None:
    app.conf.broker_url = "amqp://"
    app.conf.task_default_priority = 2
    app.conf.task_queues = [Queue("celery"), Queue("mail", max_priority=4)]
    backend = configure()

    assert backend.celery_queues.levels("celery") is None
    levels = backend.celery_queues.levels("mail")
    assert levels is not None
    assert [levels.to_wire(priority) for priority in (100, 0, -100)] == [4, 2, 0]
    assert received(backend, "mail", 4).priority == 100
    assert received(backend, "celery", 4).priority == 0

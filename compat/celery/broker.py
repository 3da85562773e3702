"""What the broker of a Celery app is, from its settings: no connection is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu import Connection

CONSUMER_TIMEOUT = 30 * 60.0
"""Seconds after which RabbitMQ closes the channel of who has not acknowledged (since 3.8.17)."""

MB = 1_000_000
MOST = {"sqs": 180_000, "azureservicebus": 180_000, "gcpubsub": 7 * MB}
"""Bytes of a body that brokers with small limits take: 256 KiB or 10 MB, after Base64."""
MOST_ANYWHERE = 15 * MB
"""Bytes. RabbitMQ 4 takes 16 MiB unless it is told otherwise, older ones 128 MiB."""

ORDERING = {"amqp", "redis", "mongodb", "zookeeper", "memory", "filesystem"}
"""Brokers whose messages have priorities; RabbitMQ's in queues that are declared for it only."""


@dataclass(frozen=True, slots=True)
class Broker:
    """The broker that an app publishes to. With several URLs, the least that all of them can do."""

    # "amqp", "redis", "sqs": as kombu calls the driver, or else the module it is in.
    kinds: tuple[str, ...]
    # For how many seconds may a message be with a worker, unacknowledged? None is for ever.
    patience: float | None
    options: dict[str, Any]

    @classmethod
    def of(cls, app: Celery) -> Broker:
        """Read the settings of an app. Raise ImportError when a driver is not installed."""
        connection = app.connection_for_write()
        # A URL may be several, which kombu tries in turn.
        urls = [url for url in connection.alt if "://" in url]
        transports = [Connection(url).get_transport_cls() for url in urls]
        transports = transports or [connection.get_transport_cls()]
        options = dict(connection.transport_options)
        patiences = [_patience(transport, options) for transport in transports]
        return cls(
            kinds=tuple(dict.fromkeys(_kind(transport) for transport in transports)),
            patience=min((each for each in patiences if each is not None), default=None),
            options=options,
        )

    @property
    def confirms(self) -> bool:
        """Say whether the broker confirms what it has taken when it is asked to."""
        return "amqp" in self.kinds

    @property
    def orders(self) -> bool:
        """Say whether it knows priorities; those for tests and development only carry them."""
        return all(kind in ORDERING for kind in self.kinds) and len(self.kinds) == 1

    @property
    def most_bytes(self) -> int:
        """Return how large the body of a message may be for every broker of this kind."""
        return min(MOST.get(kind, MOST_ANYWHERE) for kind in self.kinds)


def _kind(transport: Any) -> str:
    driver = str(transport.driver_type)
    return transport.__module__.rpartition(".")[2].lower() if driver == "N/A" else driver


def _patience(transport: Any, options: dict[str, Any]) -> float | None:
    if _kind(transport) == "amqp":
        return CONSUMER_TIMEOUT
    channel = getattr(transport, "Channel", None)
    for value in (
        options.get("visibility_timeout"),
        getattr(channel, "visibility_timeout", None),
        getattr(channel, "default_visibility_timeout", None),
    ):
        if isinstance(value, (int, float, str)) and value:
            return float(value)
    return None

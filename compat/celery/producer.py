"""Publishes the messages of our tasks: what is too large is refused, what AMQP takes is confirmed.

Publishing to AMQP is one-way. Without confirms a message that RabbitMQ refuses, over its size limit
for example, is gone and nobody is told. Our connections ask for confirms; those on which Celery
sends everything else stay as the project has set them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import kombu
from kombu import Connection
from kombu.compression import compress
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import PoolGroup, ProducerPool, connections, register_group, use_global_limit
from kombu.serialization import dumps

from compat.celery.payload import PRECONDITION_FAILED, refuse

if TYPE_CHECKING:
    from compat.celery.base import OnCelery

CONFIRM_WITHIN = 10.0
"""Seconds. RabbitMQ does not read from publishers while it is short of memory or disk."""


class Unconfirmed(OperationalError):  # type: ignore[misc]
    """The broker has not said whether it has the message: it may have, and it may not."""


class Producer(kombu.Producer):  # type: ignore[misc]
    """A producer of one of our connections."""

    limit: int | None = None

    def publish(
        self,
        body: Any,
        *,
        serializer: str | None = None,
        content_type: str | None = None,
        content_encoding: str | None = None,
        compression: str | None = None,
        headers: dict[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """Encode and publish a message.

        Raise PayloadTooLarge for one that is too large, Unconfirmed when the broker says nothing.
        """
        headers = {} if headers is None else headers
        if content_type is None:
            encoded = dumps(body, serializer=serializer or self.serializer)
            content_type, content_encoding, body = encoded
            body = body.encode() if isinstance(body, str) else body
        if compression:
            body, headers["compression"] = compress(body, compression)
        if self.limit is not None and len(body) > self.limit:
            refuse(headers.get("task"), len(body), self.limit)
        # RabbitMQ would drop an expired message where nobody hears of it. Workers obey its header.
        options["expiration"] = None
        options.setdefault("confirm_timeout", None)
        options["confirm_timeout"] = options["confirm_timeout"] or CONFIRM_WITHIN
        return super().publish(
            body,
            content_type=content_type,
            content_encoding=content_encoding,
            headers=headers,
            **options,
        )

    def _publish(self, body: Any, *arguments: Any, **options: Any) -> Any:
        _ = self.channel  # what fails here has not been sent, and is tried again
        try:
            return super()._publish(body, *arguments, **options)
        except TimeoutError as error:
            raise Unconfirmed(
                f"The broker did not confirm a message within {CONFIRM_WITHIN:g} s."
            ) from error
        except Exception as error:
            code = getattr(error, "reply_code", None)
            if code == PRECONDITION_FAILED and "message size" in str(error):
                refuse(None, len(body), str(error))
            raise


class _Producers(PoolGroup):  # type: ignore[misc]
    def create(self, connection: Connection, limit: int) -> ProducerPool:
        return ProducerPool(connections[connection], limit=limit, Producer=Producer)


# As kombu's own pools are: emptied in a process that was forked, sized by broker_pool_limit.
_producers = register_group(_Producers(limit=use_global_limit))


def connect(backend: OnCelery) -> Connection:
    """Return a connection that nobody has opened yet."""
    more = {"confirm_publish": True} if backend.broker.confirms else {}
    connection = backend.app.connection_for_write(transport_options=more)
    transport = connection.get_transport_cls()
    if transport.driver_type == "redis" and not connection.alt:
        from compat.celery.redis_channel import lasting

        connection.transport_cls = lasting(transport)
    return connection


@contextmanager
def producing(backend: OnCelery) -> Iterator[Producer]:
    """Lend a producer of this process's pool. Raise OperationalError when none is free."""
    app = backend.app
    limit = app.pool.limit  # sets that of all pools
    pool = _producers[backend.publishing]
    if pool.limit != limit:
        pool.limit = limit  # which looks at all that the pool has
    try:
        producer = pool.acquire(block=True, timeout=app.conf.broker_pool_acquire_timeout)
    except LimitExceeded as error:
        raise OperationalError(
            f"All {limit} connections to the broker are in use. Raise broker_pool_limit."
        ) from error
    with producer:
        producer.limit = backend.max_payload
        yield cast("Producer", producer)


def produce(backend: OnCelery, connection: Connection) -> Producer:
    """Return a producer on a connection of one's own."""
    producer = Producer(connection, auto_declare=False)
    producer.limit = backend.max_payload
    return producer

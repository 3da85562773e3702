"""Send what the broker refused, what is due soon, and what a dead worker's message carried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from bridge import relay as messages
from compat.celery.producer import connect, produce
from compat.celery.wire import send

if TYPE_CHECKING:
    from bridge.ledger.models import TaskRow
    from compat.celery.backend import CeleryBackend


def relay(backend: CeleryBackend, *, held: bool = False) -> int:
    """Publish READY rows without a message that are due, or will be soon; return how many.

    With `held` publish those as well that are due much later.
    """
    return messages.relay(backend, partial(_connected, backend), held=held)


@contextmanager
def _connected(backend: CeleryBackend) -> Iterator[messages.Send]:
    # Its own connection: the pool's would be inherited by the next child process.
    with connect(backend) as connection:
        producer = produce(backend, connection)

        def publish(row: TaskRow) -> None:
            send(backend, row, producer)

        yield publish

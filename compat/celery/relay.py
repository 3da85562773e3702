"""Send what the broker refused, or what a dead worker's message carried."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError

from compat.celery.wire import send

if TYPE_CHECKING:
    from compat.celery.backend import CeleryBackend

logger = logging.getLogger("bridge.celery")

# Longer than a publisher may still be busy with a row it has just written.
PATIENCE = timedelta(seconds=5)
AT_ONCE = 200


def relay(backend: CeleryBackend) -> int:
    """Publish the READY rows without a message, up to 200; return how many."""
    before = timezone.now() - PATIENCE
    rows = list(backend.rows(backend.store.unpublished(backend.transport, before))[:AT_ONCE])
    if not rows:
        return 0
    sent = 0
    # Its own connection: the pool's would be inherited by the next child process.
    with backend.app.connection_for_write() as connection:
        producer = backend.app.amqp.Producer(connection, auto_declare=False)
        for row in rows:
            try:
                with backend.store.publishing(row) as mine:
                    if mine:
                        send(backend, row, producer)
                        sent += 1
            except OperationalError as error:
                logger.warning("The broker does not take tasks yet, %d wait: %r", len(rows), error)
                break
            except DatabaseError:
                raise
            except Exception:
                # A queue the broker refuses, for example; the tasks behind it can go.
                logger.exception("task=%s path=%s cannot be sent", row.id, row.task_path)
    if sent:
        logger.info("Relay: sent %d tasks the broker had not got", sent)
    return sent

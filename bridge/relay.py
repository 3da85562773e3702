"""Send what the queue of another library refused, or what a dead worker's message carried."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from django.db import Error as DatabaseError
from django.utils import timezone

from bridge.backends.carried import CarriedBackend
from bridge.ledger.models import TaskRow

logger = logging.getLogger("bridge.messages")

# Longer than a publisher may still be busy with a row it has just written.
PATIENCE = timedelta(seconds=5)
AT_ONCE = 200

Send = Callable[[TaskRow], None]


def relay(backend: CarriedBackend, connected: Callable[[], AbstractContextManager[Send]]) -> int:
    """Send the READY rows without a message, up to 200; return how many.

    `connected` is entered only when there are some, and gives what sends one.
    """
    before = timezone.now() - PATIENCE
    rows = list(backend.rows(backend.store.unpublished(backend.transport, before))[:AT_ONCE])
    if not rows:
        return 0
    sent = 0
    with connected() as send:
        for row in rows:
            try:
                with backend.store.publishing(row) as mine:
                    if mine:
                        send(row)
                        sent += 1
            except DatabaseError:
                raise
            except Exception as error:
                if backend.is_away(error):
                    logger.warning("No queue takes tasks yet, %d wait: %r", len(rows), error)
                    break
                # A queue the broker refuses, for example; the tasks behind it can go.
                logger.exception("task=%s path=%s cannot be sent", row.id, row.task_path)
    if sent:
        logger.info("Relay: sent %d tasks that no queue had got", sent)
    return sent

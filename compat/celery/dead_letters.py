"""Keep a message whose task this code does not have: Celery is about to throw it away.

Its row says what it was. Once the task is back, or ALIASES leads its name to another, requeue()
runs it, unless it was part of a chain or a chord, whose rest only the message knows.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bridge.ids import to_uuid
from bridge.ledger.models import TaskRow
from bridge.outcome import describe
from compat.celery.wire import plain

if TYPE_CHECKING:
    from compat.celery.backend import CeleryBackend

logger = logging.getLogger("bridge.celery")
LONGEST_PATH = 255


def bury(
    backend: CeleryBackend, task_id: str, name: str, message: Any, error: Exception
) -> TaskRow | None:
    """Write the row of a message from old code as FAILED; return None when that cannot be done."""
    path = backend.aliases.path(name)
    if len(path) > LONGEST_PATH:
        return None
    try:
        args, kwargs, alone = _contents(message)
    except Exception:
        # A serialiser that is not accepted, a body that is not Celery's, values that are not JSON.
        logger.exception("task=%s name=%s lost, it cannot be kept", task_id, name)
        return None
    row = TaskRow(
        id=to_uuid(task_id),
        task_path=path,
        args=args,
        kwargs=kwargs,
        backend=backend.alias,
        transport=backend.transport,
        on_lost="fail",
        # When it came into the ledger, complete; nobody knows when it was sent.
        enqueued_at=timezone.now() if alone else None,
    )
    if not backend.store.messages.bury(row, describe(error)):
        return None
    logger.error("task=%s path=%s kept as failed: %s", row.id, path, error)
    return row


def _contents(message: Any) -> tuple[Any, Any, bool]:
    """Return what a message of protocol 1 or 2 calls its task with, as JSON, and whether it is all.

    Raise TypeError or ValueError for what is not JSON.
    """
    payload = message.payload
    if isinstance(payload, dict):
        args, kwargs, more = payload.get("args", []), payload.get("kwargs", {}), payload
    else:
        args, kwargs, more = payload
    alone = not any(more.get(name) for name in ("chain", "chord", "callbacks", "errbacks"))
    return plain(list(args)), plain(dict(kwargs)), alone

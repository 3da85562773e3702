"""Learn from Celery's result backend what workers without a ledger have done."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from bridge.ledger.models import TaskRow
from bridge.recovery import announce_stored
from compat.celery import stored
from compat.celery.verdict import SendAgain, Settle, Verdict, judge

if TYPE_CHECKING:
    from compat.celery.backend import CeleryBackend

logger = logging.getLogger("bridge.celery")
AT_ONCE = 500
"""How many results are asked for in one question."""


def reconcile(backend: CeleryBackend, row: TaskRow) -> TaskRow:
    """Settle a READY row whose task a worker of the old code has finished, and return the row."""
    return backend.store.tasks.get(id=row.id) if reconcile_many(backend, [row]) else row


def reconcile_many(backend: CeleryBackend, rows: Sequence[TaskRow]) -> bool:
    """Settle READY rows whose tasks workers of the old code have finished; False for none.

    Many are asked for in one question, and nothing more once it is not answered: somebody waits.
    """
    settled = False
    if not stored.is_readable(backend.app):
        return settled
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        try:
            judged = verdicts(backend, some)
        except Exception as error:  # noqa: BLE001
            # Every result backend has its own errors, and a result may still be read without it.
            logger.warning("task=%s Celery's result backend does not answer: %r", some[0].id, error)
            return settled
        for row, verdict in judged:
            if verdict is not None:
                carry_out(backend, row, verdict)
                settled = True
    return settled


def verdicts(backend: CeleryBackend, rows: Sequence[TaskRow]) -> list[tuple[TaskRow, Verdict]]:
    """Return the rows of which something is stored, each with what follows from that.

    Raise what the result backend raises when it is away.
    """
    metas = stored.read(backend.app, [str(row.id) for row in rows])
    now = datetime.now(UTC)
    return [(row, judge(row, metas[str(row.id)], now)) for row in rows if str(row.id) in metas]


def carry_out(backend: CeleryBackend, row: TaskRow, verdict: Verdict) -> bool:
    """Do what follows from a result; False when the row has changed since it was read."""
    match verdict:
        case Settle(facts=facts):
            with transaction.atomic(using=backend.database):
                if not backend.store.messages.settle(row, **facts):
                    return False
                settled = backend.store.tasks.get(id=row.id)
                announce = partial(announce_stored, backend, settled)
                transaction.on_commit(announce, using=backend.database)
        case SendAgain(errors=errors):
            if not backend.store.messages.unpublish(row, errors=errors):
                return False
            logger.warning(
                "task=%s path=%s another message is sent: a worker threw the last one away (%s)",
                row.id,
                row.task_path,
                errors[-1]["exception_class_path"],
            )
    return True

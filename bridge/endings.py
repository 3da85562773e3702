"""End a task that no worker runs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.utils import timezone

from bridge.ledger.models import FAILED, TaskRow
from bridge.ledger.results import to_json
from bridge.outcome import describe
from bridge.recovery import announce_stored, patience

if TYPE_CHECKING:
    from bridge.backends.ledger import LedgerBackend

logger = logging.getLogger("bridge.messages")


def end(backend: LedgerBackend, row: TaskRow, error: Exception) -> None:
    """Fail a READY task, unless a worker has claimed it meanwhile.

    Raise OperationalError when somebody keeps its row locked for longer than a lease can wait.
    """
    errors = [*row.errors, to_json(describe(error))]
    with patience(backend):
        ended = backend.store.messages.settle(
            row, status=FAILED, errors=errors, finished_at=timezone.now()
        )
    if ended:
        logger.error("task=%s path=%s failed: %s", row.id, row.task_path, error)
        announce_stored(backend, backend.store.tasks.get(id=row.id))

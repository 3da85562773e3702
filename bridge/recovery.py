"""What happens to the tasks of a worker that died."""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager

from django.db import Error

from bridge.backends.ledger import LedgerBackend
from bridge.execution import announce
from bridge.ledger.away import is_away, is_locked
from bridge.ledger.models import TaskRow

logger = logging.getLogger("bridge.recovery")
SHARE = 0.2
"""The part of a lease that one recover() takes at most, or a little more."""
PATIENCE = 1.0
"""Seconds to wait for a row that others have locked: who renews a lease cannot wait longer."""


def recover(backend: LedgerBackend) -> list[TaskRow]:
    """Requeue or fail the tasks whose worker's lease has run out, and return them.

    Many of them, or slow receivers of task_finished, must not cost the one who does this its own
    lease: what a part of a lease is too short for is left to the next call. So is a row that
    somebody else has locked, or that cannot be ended.
    """
    until = time.monotonic() + backend.lease * SHARE
    lost = []
    for row in backend.leases.abandoned():
        if _try_to_lose(backend, row):
            lost.append(row)
        if time.monotonic() >= until:
            break
    backend.leases.forget_expired()
    return lost


def lose(backend: LedgerBackend, row: TaskRow, reason: str) -> bool:
    """Requeue or fail a task whose worker died; False when it was finished or taken over."""
    worker = row.worker
    with patience(backend):
        kept = backend.store.lose(row, reason, max_losses=backend.max_losses)
    if not kept:
        return False
    logger.error(
        "task=%s path=%s worker=%s lost, on_lost=%s, now %s",
        row.id,
        row.task_path,
        worker,
        row.on_lost,
        row.status,
    )
    announce_stored(backend, row)
    return True


def patience(backend: LedgerBackend) -> AbstractContextManager[None]:
    """Return a transaction that waits for nobody so long that it would cost a lease."""
    return backend.store.patience(min(PATIENCE, backend.lease * SHARE))


def _try_to_lose(backend: LedgerBackend, row: TaskRow) -> bool:
    try:
        return lose(backend, row, f"Worker {row.worker!r} stopped renewing its lease.")
    except Exception as error:
        if isinstance(error, Error) and is_away(error) and not is_locked(error):
            raise
        logger.warning(
            "task=%s path=%s of a dead worker cannot be recovered now: %r",
            row.id,
            row.task_path,
            error,
            exc_info=not is_locked(error),
        )
    return False


def announce_stored(backend: LedgerBackend, row: TaskRow) -> None:
    """Send task_finished for a row that another process left in its final state."""
    try:
        announce(backend.result_of(row), type(backend))
    except Exception as error:  # noqa: BLE001
        # Its code may be gone or broken; the row is in its final state all the same.
        logger.warning("task=%s finished unannounced: %r", row.id, error)

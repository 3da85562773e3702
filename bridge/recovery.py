"""What happens to the tasks of a worker that died."""

from __future__ import annotations

import logging
import time

from bridge.backends.ledger import LedgerBackend
from bridge.execution import announce
from bridge.ledger.models import TaskRow

logger = logging.getLogger("bridge.recovery")
SHARE = 0.2
"""The part of a lease that one recover() takes at most, or a little more."""


def recover(backend: LedgerBackend) -> list[TaskRow]:
    """Requeue or fail the tasks whose worker's lease has run out, and return them.

    Many of them, or slow receivers of task_finished, must not cost the one who does this its own
    lease: what a part of a lease is too short for is left to the next call.
    """
    until = time.monotonic() + backend.lease * SHARE
    lost = []
    for row in backend.leases.abandoned():
        if lose(backend, row, f"Worker {row.worker!r} stopped renewing its lease."):
            lost.append(row)
        if time.monotonic() >= until:
            break
    backend.leases.forget_expired()
    return lost


def lose(backend: LedgerBackend, row: TaskRow, reason: str) -> bool:
    """Requeue or fail a task whose worker died; False when it was finished or taken over."""
    worker = row.worker
    if not backend.store.lose(row, reason, max_losses=backend.max_losses):
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


def announce_stored(backend: LedgerBackend, row: TaskRow) -> None:
    """Send task_finished for a row that another process left in its final state."""
    try:
        announce(backend.result_of(row), type(backend))
    except Exception as error:  # noqa: BLE001
        # Its code may be gone or broken; the row is in its final state all the same.
        logger.warning("task=%s finished unannounced: %r", row.id, error)

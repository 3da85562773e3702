"""Run one claimed row."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from bridge.execution import execute
from bridge.outcome import Failed, describe
from bridge.recovery import announce_stored
from bridge.retry import seconds
from bridge.worker.marks import NO_DEADLINE, Mark
from bridge.worker.persistence import clean_connections, persist, refuse_open_transaction

if TYPE_CHECKING:
    from bridge.backends.ledger import LedgerBackend
    from bridge.interface import AnyResult
    from bridge.ledger.models import TaskRow
    from bridge.outcome import Outcome
    from bridge.worker.marks import Marks

logger = logging.getLogger("bridge.worker")


def run(backend: LedgerBackend, row: TaskRow, marks: Marks, slot: int) -> None:
    """Execute a row that this worker holds and store the outcome."""
    try:
        result = backend.result_of(row)
        limit = getattr(result.task, "hard_timeout", None)
        deadline = NO_DEADLINE if limit is None else time.monotonic() + seconds(limit)
    except Exception as error:  # noqa: BLE001
        # Whatever is wrong with this task, the worker and the tasks behind it are not.
        fail(backend, row, error)
        return
    marks.set(slot, Mark(row.id, row.token, deadline))
    execute(
        result,
        lambda outcome: store_outcome(backend, row, outcome),
        sender=type(backend),
        losses=row.losses,
        after_call=refuse_open_transaction,
    )
    # Not in a finally: a task whose outcome is not stored must count as started.
    marks.clear(slot)
    clean_connections()


def store_outcome(backend: LedgerBackend, row: TaskRow, outcome: Outcome) -> AnyResult | None:
    """Store how an attempt ended; None when another worker has taken the row over."""
    clean_connections()
    try:
        kept = persist(lambda: backend.store.finish(row, outcome), f"store task {row.id}")
    except Exception as error:  # noqa: BLE001
        # The outcome itself cannot be stored; the task must not stay RUNNING for that.
        failure = Failed(exception=error, error=describe(error))
        kept = persist(lambda: backend.store.finish(row, failure), f"store task {row.id}")
    if not kept:
        logger.error(
            "Task id=%s path=%s: its lease ran out and another worker took over; "
            "this outcome is dropped",
            row.id,
            row.task_path,
        )
        return None
    return backend.result_of(row)


def fail(backend: LedgerBackend, row: TaskRow, error: Exception) -> None:
    """Fail a task that could not be run to its end."""
    if persist(lambda: backend.store.fail(row, describe(error)), f"store task {row.id}"):
        logger.error("Task id=%s path=%s failed: %s", row.id, row.task_path, error)
        announce_stored(backend, row)

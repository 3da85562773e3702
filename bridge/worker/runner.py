"""Run one task, up to its outcome, and store the outcome of one."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from bridge.execution import aattempt, attempt
from bridge.interface import task_started
from bridge.outcome import Failed, Succeeded, describe
from bridge.recovery import announce_stored
from bridge.retry import seconds
from bridge.worker.marks import NO_DEADLINE, Mark
from bridge.worker.persistence import (
    clean_connections,
    persist,
    refresh_connections,
    refuse_open_transaction,
    renew_connections,
)

if TYPE_CHECKING:
    from bridge.backends.ledger import LedgerBackend
    from bridge.interface import AnyResult
    from bridge.ledger.models import TaskRow
    from bridge.outcome import Outcome
    from bridge.worker.marks import Marks

logger = logging.getLogger("bridge.worker")


def begin(backend: LedgerBackend, row: TaskRow, marks: Marks, slot: int) -> AnyResult | Failed:
    """Mark a claimed task as started and say so; return its result, or why it cannot run."""
    started: AnyResult | Failed
    deadline = NO_DEADLINE
    try:
        started = backend.result_of(row)
        limit = getattr(started.task, "hard_timeout", None)
        if limit is not None:
            deadline = time.monotonic() + seconds(limit)
    except Exception as error:  # noqa: BLE001
        # Whatever is wrong with this task, the worker and the tasks behind it are not.
        started = Failed(exception=error, error=describe(error))
    marks.set(slot, Mark(row.id, row.token, deadline))
    if not isinstance(started, Failed):
        task_started.send_robust(sender=type(backend), task_result=started)
    return started


def run(result: AnyResult, losses: int) -> Outcome:
    """Call the function and leave no connection behind that the next task would trip over."""
    outcome = attempt(result, losses=losses, after_call=refuse_open_transaction)
    if not isinstance(outcome, Succeeded):
        clean_connections()
    return outcome


async def arun(result: AnyResult, losses: int, *, alone: bool) -> Outcome:
    """Await the coroutine function; `alone` says that no other coroutine is running.

    All of them reach the ORM in one thread, where others may be in a transaction.
    """
    if alone:
        await sync_to_async(refresh_connections)()
    outcome = await aattempt(result, losses=losses)
    await sync_to_async(renew_connections)()
    return outcome


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
        report_dropped(row)
        return None
    return backend.result_of(row)


def report_dropped(row: TaskRow) -> None:
    """Log that an outcome came too late."""
    logger.error(
        "task=%s path=%s its lease ran out and another worker took over; this outcome is dropped",
        row.id,
        row.task_path,
    )


def fail(backend: LedgerBackend, row: TaskRow, error: Exception) -> None:
    """Fail a task that could not be run to its end."""
    if persist(lambda: backend.store.fail(row, describe(error)), f"store task {row.id}"):
        logger.error("task=%s path=%s failed: %s", row.id, row.task_path, error)
        announce_stored(backend, row)

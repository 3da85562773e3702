"""Run one task, up to its outcome, and store the outcome of one."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from bridge.execution import aattempt, attempt, refusal
from bridge.interface import task_started
from bridge.ledger.channel import channel_of
from bridge.outcome import Failed, Succeeded, describe
from bridge.seconds import seconds
from bridge.worker.marks import NO_DEADLINE, Mark
from bridge.worker.persistence import (
    clean_connections,
    persist,
    refresh_connections,
    refuse_open_transaction,
    renew_connections,
)
from bridge.worker.transactional import Stored, Transaction, take_note

if TYPE_CHECKING:
    from bridge.backends.ledger import LedgerBackend
    from bridge.ledger.models import TaskRow
    from bridge.outcome import Outcome
    from bridge.result import AnyResult
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
    if not isinstance(started, Failed):
        started = refusal(started) or started
    marks.set(slot, Mark(row.id, row.token, deadline))
    if not isinstance(started, Failed):
        task_started.send_robust(sender=type(backend), task_result=started)
    return started


def run(backend: LedgerBackend, row: TaskRow, result: AnyResult) -> tuple[Outcome, Stored | None]:
    """Call the function and leave no connection behind that the next task would trip over.

    Return how it ended, and how its claim has ended when that is stored already.
    """
    channel = channel_of(backend.database, row, result)
    if getattr(result.task, "transactional", False):
        transaction = Transaction(backend, row)
        outcome = transaction.attempt(result, losses=row.losses, channel=channel)
        clean_connections()
        return outcome, transaction.stored
    outcome = attempt(
        result, losses=row.losses, after_call=refuse_open_transaction, channel=channel
    )
    if not isinstance(outcome, Succeeded):
        clean_connections()
    return outcome, None


async def arun(backend: LedgerBackend, row: TaskRow, result: AnyResult, *, alone: bool) -> Outcome:
    """Await the coroutine function; `alone` says that no other coroutine is running.

    All of them reach the ORM in one thread, where others may be in a transaction.
    """
    if alone:
        await sync_to_async(refresh_connections)()
    channel = channel_of(backend.database, row, result)
    outcome = await aattempt(result, losses=row.losses, channel=channel)
    await sync_to_async(renew_connections)()
    return outcome


def store_outcome(
    backend: LedgerBackend, row: TaskRow, outcome: Outcome, stored: Stored | None = None
) -> AnyResult | None:
    """Store how an attempt ended, unless that is stored already.

    Return None when another worker has taken the row over.
    """
    if stored is not None:
        take_note(row, stored)
        return backend.result_of(row)
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
        "task=%s path=%s its lease ran out, or its hard_timeout; this outcome is dropped",
        row.id,
        row.task_path,
    )

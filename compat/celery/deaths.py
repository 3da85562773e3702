"""Tasks that end without their code: killed, timed out, revoked, or unknown here.

Celery tells the worker's main process, by signals. What it does not tell is found by comparing:
a row RUNNING under this worker's lease whose request the pool no longer has.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import signals
from celery.exceptions import TaskRevokedError, TimeLimitExceeded, WorkerLostError
from celery.worker import state

from bridge.endings import end
from bridge.exceptions import HardTimeout, TaskNotFound, WorkerLost
from bridge.expiring import too_late
from bridge.ids import to_uuid
from bridge.ledger.models import READY, RUNNING, TaskRow
from bridge.outcome import describe
from bridge.recovery import announce_stored, lose, patience
from compat.celery.dead_letters import bury
from compat.celery.legacy_readers import unrevoke
from compat.celery.registration import ledger_backends
from compat.celery.relay import relay
from compat.celery.verdict import is_requeued

if TYPE_CHECKING:
    from compat.celery.backend import CeleryBackend
    from compat.celery.maintenance import Maintenance

logger = logging.getLogger("bridge.celery")


def watch(maintenance: Maintenance) -> None:
    """Settle the tasks that Celery reports to this process from now on."""

    def report(settle: Callable[..., None], task_id: str, *facts: Any) -> None:
        # Child processes inherit the receivers, and report nothing.
        if os.getpid() == maintenance.pid:
            maintenance.run_errand(
                lambda backend: settle(backend, maintenance.worker, task_id, *facts)
            )

    def on_failure(task_id: str, exception: BaseException, **kwargs: Any) -> None:
        if isinstance(exception, TimeLimitExceeded):
            report(time_out, task_id)
        elif isinstance(exception, WorkerLostError):
            report(worker_lost, task_id, str(exception))

    def on_revoked(request: Any, terminated: bool, expired: bool, **kwargs: Any) -> None:
        word = "expired" if expired else "terminated" if terminated else "revoked"
        report(revoke, request.id, word)

    def on_unknown(name: str, id: str, message: Any, **kwargs: Any) -> None:  # noqa: A002
        report(unknown, id, name, message)

    _replace(signals.task_failure, on_failure)
    _replace(signals.task_revoked, on_revoked)
    _replace(signals.task_unknown, on_unknown)


def _replace(signal: Any, receiver: Callable[..., None]) -> None:
    # The worker before this one in the same process, in a test for example, hears no more.
    uid = f"bridge.{signal.name}"
    signal.disconnect(dispatch_uid=uid)
    signal.connect(receiver, weak=False, dispatch_uid=uid)


def time_out(backend: CeleryBackend, worker: str, task_id: str) -> None:
    """Fail a task whose process was killed at its hard_timeout."""
    row = _find(backend, task_id)
    if row is not None and _held(row, worker):
        error = HardTimeout("The task ran longer than its hard_timeout; its process died.")
        _fail(backend, row, error)


def worker_lost(backend: CeleryBackend, worker: str, task_id: str, reason: str) -> None:
    """Requeue or fail a task whose child process died, as its on_lost says."""
    row = _find(backend, task_id)
    if row is None:
        return
    if row.status == READY:
        # Acknowledged, and not claimed before the process died.
        if row.enqueued_at is None and row.on_lost == "fail":
            end(backend, row, WorkerLost(reason))  # maybe no message can be made from it
        else:
            backend.store.messages.unpublish(row)
    elif _held(row, worker) and not _alive(row.worker_ids[-1]):
        lose(backend, row, reason)
        relay(backend)


def revoke(backend: CeleryBackend, worker: str, task_id: str, word: str) -> None:
    """Fail a task that was revoked, or that expired before a worker took it."""
    row = _find(backend, task_id)
    if row is None:
        return
    error = TaskRevokedError(word)
    if word == "terminated" and _held(row, worker):
        _fail(backend, row, error)
    elif word == "expired" and row.enqueued_at is not None:
        too_late(backend, row)
    elif word == "revoked" and is_requeued(row) and unrevoke(task_id):
        if backend.store.messages.unpublish(row):
            logger.warning("task=%s path=%s is sent again: requeued since", row.id, row.task_path)
            relay(backend)
    elif word != "terminated":
        end(backend, row, error)


def unknown(backend: CeleryBackend, worker: str, task_id: str, name: str, message: Any) -> None:
    """Fail the task of a message whose name this worker's code does not have.

    One that old code has sent gets a row that says so, from the first of several backends.
    """
    error = TaskNotFound(
        f"Worker {worker!r} received the task {name!r}, which its code does not have. "
        "Restore the task, or add its old name to ALIASES if it moved."
    )
    row = _find(backend, task_id)
    if row is not None:
        end(backend, row, error)
        return
    others = ledger_backends()
    if backend.alias == others[0].alias and not any(each.store.find(task_id) for each in others):
        bury(backend, task_id, name, message, error)


class Orphans:
    """Finds the rows of a worker that nothing in it runs any more."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self._suspects: dict[str, set[tuple[UUID, int]]] = {}

    def settle(self, backend: CeleryBackend) -> None:
        """Requeue or fail every row that was an orphan at the last look too.

        The pool may be about to report a row that has just ended, or just begun.
        """
        held = backend.store.tasks.filter(worker=self.worker, status=RUNNING)
        rows = list(backend.rows(held))
        known = {to_uuid(request.id) for request in _requests()}
        orphans = {(row.id, row.token): row for row in rows if row.id not in known}
        for key in self._suspects.get(backend.alias, set()) & orphans.keys():
            lose(backend, orphans[key], "The process that ran it is gone.")
        self._suspects[backend.alias] = set(orphans)


def _requests() -> list[Any]:
    while True:
        try:
            return [*state.reserved_requests, *state.active_requests]
        except RuntimeError:  # the main thread changed a set meanwhile
            continue


def _find(backend: CeleryBackend, task_id: str) -> TaskRow | None:
    rows = backend.store.tasks.filter(id=to_uuid(task_id), transport=backend.transport)
    return backend.rows(rows).first()


def _fail(backend: CeleryBackend, row: TaskRow, error: Exception) -> None:
    with patience(backend):
        kept = backend.store.fail(row, describe(error))
    if kept:
        logger.error("task=%s path=%s failed: %s", row.id, row.task_path, error)
        announce_stored(backend, row)


def _held(row: TaskRow, worker: str) -> bool:
    return row.status == RUNNING and row.worker == worker


def _alive(process: str) -> bool:
    """Say whether the process of a worker_id lives: a sibling may have the next attempt."""
    try:
        os.kill(int(process.rpartition(":")[2]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

"""Tasks that end without their code: expired, revoked, refused by a hook, or interrupted.

Huey tells, by signals, the worker that would have run them.
"""

from __future__ import annotations

import logging
from typing import Any

from django.utils import timezone
from huey import signals
from huey.exceptions import CancelExecution

from bridge import registry
from bridge.endings import end
from bridge.exceptions import TaskCancelled, TaskExpired
from bridge.ids import to_uuid
from bridge.ledger.models import RUNNING
from bridge.outcome import describe
from bridge.recovery import announce_stored, lose
from bridge.worker.persistence import persist
from compat.huey.registration import owner
from compat.huey.task import BridgedTask

logger = logging.getLogger("bridge.huey")


def watch(huey: Any) -> None:
    """Settle the tasks that a Huey reports from now on."""
    for signal, receiver in (
        (signals.SIGNAL_EXPIRED, on_expired),
        (signals.SIGNAL_REVOKED, on_revoked),
        (signals.SIGNAL_CANCELED, on_canceled),
        (signals.SIGNAL_INTERRUPTED, on_interrupted),
        (signals.SIGNAL_SCHEDULED, on_scheduled),
    ):
        huey.disconnect_signal(receiver)
        huey.signal(signal)(receiver)


def on_expired(signal: str, task: Any) -> None:
    """Fail a task that expired before a worker took it."""
    _end(task, TaskExpired(f"The task was to start before {getattr(task, 'expires', None)}."))


def on_revoked(signal: str, task: Any) -> None:
    """Fail a task that was revoked with Huey's own means."""
    _end(task, TaskCancelled("The task was revoked in Huey."))


def on_canceled(signal: str, task: Any) -> None:
    """Fail a task that a hook refused; what a body raised is in the ledger already."""
    if not isinstance(task, BridgedTask) or task.dropped:
        return
    attempt = task.attempt
    error = CancelExecution("A pre_execute hook refused the task.")
    if attempt is None:
        _end(task, error)
    elif not attempt.started:
        if attempt.backend.store.fail(attempt.row, describe(error)):
            announce_stored(attempt.backend, attempt.row)
        if attempt.here:
            attempt.close()


def on_interrupted(signal: str, task: Any) -> None:
    """Requeue or fail a task whose worker has to end, as its on_lost says."""
    attempt = getattr(task, "attempt", None)
    if attempt is not None and attempt.row.status == RUNNING:
        lose(attempt.backend, attempt.row, "Its Huey consumer was told to end at once.")


def on_scheduled(signal: str, task: Any) -> None:
    """Note that the message of the next attempt is in the storage."""
    attempt = getattr(task, "attempt", None)
    if attempt is not None and attempt.delivery.kept:
        attempt.backend.store.messages.mark_published(attempt.row, timezone.now())


def _end(task: Any, error: Exception) -> None:
    if not isinstance(task, BridgedTask):
        return
    backend = owner(registry.resolve(task.bridged))
    rows = backend.store.tasks.filter(id=to_uuid(task.id), transport=backend.transport)

    def settle() -> None:
        if (row := backend.rows(rows).first()) is not None:
            end(backend, row, error)

    persist(settle, f"fail task {task.id}")

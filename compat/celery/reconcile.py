"""Learn from Celery's result backend what workers without a ledger have done."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from celery import states
from celery.backends.base import DisabledBackend
from celery.backends.rpc import RPCBackend
from django.utils.timezone import is_naive, make_aware

from bridge.interface import TaskError
from bridge.ledger.models import FAILED, SUCCESSFUL, TaskRow
from bridge.ledger.results import to_json
from bridge.ledger.store import UNRECORDED
from compat.celery.meta import class_path, moment, shown
from compat.celery.moments import aware

if TYPE_CHECKING:
    from compat.celery.backend import CeleryBackend

logger = logging.getLogger("bridge.celery")


def reconcile(backend: CeleryBackend, row: TaskRow) -> TaskRow:
    """Settle a READY row whose task a worker of the old code has finished, and return the row."""
    results = backend.app.backend
    if isinstance(results, (DisabledBackend, RPCBackend)):
        return row
    try:
        meta = results.get_task_meta(str(row.id), cache=False)
    except Exception as error:  # noqa: BLE001
        # Every result backend has its own errors, and a result may still be read without it.
        logger.warning("task=%s Celery's result backend does not answer: %r", row.id, error)
        return row
    if meta["status"] not in states.READY_STATES:
        return row
    finished_at = moment(meta.get("date_done"))
    if row.token and (finished_at is None or _naive_to_utc(row.published_at) > finished_at):
        return row  # what is stored there is how an earlier attempt ended, one of ours
    backend.store.settle(row, **_facts(row, meta, finished_at))
    return backend.store.tasks.get(id=row.id)


def _facts(row: TaskRow, meta: Any, finished_at: datetime | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "finished_at": aware(finished_at or datetime.now(UTC)),
        "worker_ids": [*row.worker_ids, meta.get("worker") or UNRECORDED],
    }
    if meta["status"] == states.SUCCESS:
        return {**facts, "status": SUCCESSFUL, "return_value": shown(meta["result"])}
    error = TaskError(
        exception_class_path=class_path(meta["result"]), traceback=meta.get("traceback") or ""
    )
    return {**facts, "status": FAILED, "errors": [*row.errors, to_json(error)]}


def _naive_to_utc(value: datetime | None) -> datetime:
    assert value is not None  # only published rows are reconciled
    return make_aware(value) if is_naive(value) else value

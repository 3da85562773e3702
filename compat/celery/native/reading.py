"""From what Celery stores of a task to Django's TaskResult."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import states

from bridge import registry
from bridge.exceptions import HardTimeout, TaskExpired, WorkerLost
from bridge.interface import TaskError, TaskResultStatus
from bridge.ledger.messages import UNRECORDED
from bridge.outcome import describe
from bridge.result import AnyResult, changed
from bridge.results import new_result
from bridge.typed_json import revive
from bridge.values import is_typed
from compat.celery import stamp
from compat.celery.meta import class_path, has_begun, message, moment, shown
from compat.celery.moments import aware

if TYPE_CHECKING:
    from compat.celery.base import OnCelery
    from compat.celery.native.records import Meta

READY, RUNNING = TaskResultStatus.READY, TaskResultStatus.RUNNING
FAILED, SUCCESSFUL = TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL

STATUSES = {
    states.PENDING: READY,
    states.RECEIVED: READY,
    states.RETRY: READY,
    states.SUCCESS: SUCCESSFUL,
    states.FAILURE: FAILED,
    states.REVOKED: FAILED,
    states.REJECTED: FAILED,
}
"""Any other state, STARTED or one of the task's own, is that of a task that runs."""

OURS = {
    "billiard.exceptions.WorkerLostError": WorkerLost,
    "billiard.exceptions.TimeLimitExceeded": HardTimeout,
}
"""What Celery calls our exceptions."""


def to_result(backend: OnCelery, result_id: str, meta: Meta) -> AnyResult:
    """Return the result that Celery has stored.

    Raise TaskNotFound when its task is gone from the code.
    """
    ours = stamp.of(meta)
    task = registry.resolve(backend.aliases.path(meta["name"]))
    status = STATUSES.get(meta["status"], RUNNING)
    result: AnyResult = new_result(
        stamp.task_of(ours, task, backend.alias),
        result_id,
        shown(meta.get("args") or []),
        shown(meta.get("kwargs") or {}),
        backend=ours.get("backend", backend.alias),
        enqueued_at=None,
    )
    facts = {**stamp.facts_of(ours), "status": status}
    if "worker_ids" not in ours:
        facts["worker_ids"] = _workers(meta, status)
    if status == FAILED and len(facts["errors"]) < max(1, len(facts["worker_ids"])):
        facts["errors"] = [*facts["errors"], _error(meta)]
    if status in (FAILED, SUCCESSFUL):
        done = moment(meta.get("date_done"))
        facts["finished_at"] = done and aware(done)
    if status == SUCCESSFUL:
        value = meta["result"]
        facts["_return_value"] = revive(value) if is_typed(result.backend) else shown(value)
    return changed(result, **facts)


def _workers(meta: Meta, status: TaskResultStatus) -> list[str]:
    """Return the workers of attempts whose code has left no stamp; Celery names the last one."""
    worker = meta.get("worker")
    earlier = [UNRECORDED] * (meta.get("retries") or 0)
    if meta["status"] == states.RETRY:
        return [*earlier, worker or UNRECORDED]
    if status == READY or worker is None or not has_begun(meta):
        return earlier
    return [*earlier, worker]


def _error(meta: Meta) -> TaskError:
    error: Any = meta.get("result")
    if meta["status"] == states.REVOKED and message(error) == "expired":
        return describe(TaskExpired("The task was to start before a worker had time for it."))
    path = class_path(error)
    ours = OURS.get(path)
    if ours is not None:
        path = f"{ours.__module__}.{ours.__qualname__}"
    traceback = meta.get("traceback") or f"{path.rpartition('.')[2]}: {message(error)}"
    return TaskError(exception_class_path=path, traceback=traceback)

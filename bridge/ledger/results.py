"""From a row to Django's TaskResult."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bridge.interface import DjangoTask, P, R, TaskError, TaskResultStatus
from bridge.progress import Progress
from bridge.restoring import restore
from bridge.result import TaskResult
from bridge.typed_json import revive
from bridge.values import is_typed

if TYPE_CHECKING:
    from bridge.ledger.models import TaskRow


def to_result(row: TaskRow, task: DjangoTask[P, R]) -> TaskResult[P, R]:
    """Return the result that a row of this task records."""
    task = _as_enqueued(row, task)
    result: TaskResult[P, R] = TaskResult(
        task=task,
        id=str(row.id),
        status=TaskResultStatus(row.status),
        enqueued_at=row.enqueued_at,
        started_at=row.started_at,
        last_attempted_at=row.last_attempted_at,
        finished_at=row.finished_at,
        args=[],
        kwargs={},
        backend=row.backend,
        errors=[TaskError(**error) for error in row.errors],
        worker_ids=list(row.worker_ids),
        expires_at=row.expires_at,
        progress=None if row.progress is None else Progress(*row.progress),
        cancel_requested_at=row.cancel_requested_at,
        batch_id=None if row.batch_id is None else str(row.batch_id),
    )
    # Afterwards, since TaskResult would look through what is plain JSON already.
    object.__setattr__(result, "args", row.args)
    object.__setattr__(result, "kwargs", row.kwargs)
    value = revive(row.return_value) if is_typed(row.backend) else row.return_value
    object.__setattr__(result, "_return_value", value)
    return result


def _as_enqueued(row: TaskRow, task: DjangoTask[P, R]) -> DjangoTask[P, R]:
    if (
        task.priority == row.priority
        and task.queue_name == row.queue_name
        and task.run_after == row.run_after
        and task.backend == row.backend
    ):
        return task
    return restore(
        task,
        priority=row.priority,
        queue_name=row.queue_name,
        run_after=row.run_after,
        backend=row.backend,
    )


def to_json(error: TaskError) -> dict[str, Any]:
    """Return an error as the ledger keeps it."""
    return asdict(error)

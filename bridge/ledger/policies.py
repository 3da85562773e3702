"""What a row keeps of its task's policies: all that must hold where its code is not known."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.expiry import expiry
from bridge.hooks import task_specs
from bridge.limits import lane_of, limits_of

if TYPE_CHECKING:
    from bridge.base import Task
    from bridge.ledger.models import TaskRow


def apply_policies(row: TaskRow, task: Task[..., Any], now: datetime) -> None:
    """Fill in what the policies of a task say about one call of it, enqueued now."""
    row.expires_at = expiry(task.expires, now)
    row.hooks = task_specs(task.on_success, task.on_failure)
    row.limits = limits_of(task, row.args, row.kwargs)
    row.lane = lane_of(row.limits, row.queue_name)
    if task.unique is not None:
        row.unique_key = task.unique.key_of(task, row.args, row.kwargs)
        row.unique_until = task.unique.until(now) if row.unique_key else None

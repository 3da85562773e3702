"""READY -> FAILED because somebody said so, and a word to those that run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from bridge.cancellation import Cancellation
from bridge.exceptions import TaskCancelled
from bridge.ledger.models import FAILED, READY, TaskRow
from bridge.ledger.results import to_json
from bridge.outcome import describe


def cancel_locked(
    tasks: QuerySet[TaskRow], rows: Sequence[TaskRow], statuses: Collection[str]
) -> list[Cancellation]:
    """Cancel rows that the open transaction holds, and bring them up to date; say what became of
    each.
    """
    now = timezone.now()
    answers = [_answer(row, statuses) for row in rows]
    waiting = list(compress(rows, [answer is Cancellation.DONE for answer in answers]))
    running = list(compress(rows, [answer is Cancellation.REQUESTED for answer in answers]))
    asked = [row for row in running if row.cancel_requested_at is None]
    if asked:
        tasks.filter(id__in=[row.id for row in asked]).update(cancel_requested_at=now)
    for row in asked:
        row.cancel_requested_at = now
    if waiting:
        error = to_json(describe(TaskCancelled("The task was cancelled while it waited.")))
        # Its unique_key is free at once, also where it would be kept for a while after a run.
        changes = {
            "status": FAILED,
            "finished_at": now,
            "cancel_requested_at": now,
            "wake_at": None,
            "unique_until": None,
        }
        fresh = [row.id for row in waiting if not row.errors]
        tasks.filter(id__in=fresh, status=READY).update(errors=[error], **changes)
        for row in waiting:
            _fail(tasks, row, error, changes)
    return answers


def _answer(row: TaskRow, statuses: Collection[str]) -> Cancellation:
    if row.status not in statuses:
        return Cancellation.TOO_LATE
    return Cancellation.DONE if row.status == READY else Cancellation.REQUESTED


def _fail(
    tasks: QuerySet[TaskRow], row: TaskRow, error: dict[str, Any], changes: dict[str, Any]
) -> None:
    errors = [*row.errors, error]
    if row.errors:
        tasks.filter(id=row.id, status=READY).update(errors=errors, **changes)
    for name, value in {**changes, "errors": errors}.items():
        setattr(row, name, value)

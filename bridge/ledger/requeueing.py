"""FAILED or SUCCESSFUL -> READY, to run as if it never had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from bridge.ledger.models import READY, TaskRow
from bridge.requeueing import Requeueing


def requeue_locked(
    tasks: QuerySet[TaskRow],
    rows: Sequence[TaskRow],
    *,
    statuses: Collection[str],
    expires_at: datetime | None,
) -> list[Requeueing]:
    """Requeue rows that the open transaction holds, and bring them up to date; say what became of
    each.

    A deadline that has passed goes, unless there is a new one.
    """
    now = timezone.now()
    answers = []
    alike: dict[tuple[Any, ...], list[UUID]] = defaultdict(list)
    for row in rows:
        if row.status not in statuses:
            answers.append(Requeueing.SKIPPED)
        elif _is_incomplete(row):
            answers.append(Requeueing.INCOMPLETE)
        else:
            changes = _changes(row, expires_at, now)
            answers.append(_requeue(tasks, row, changes, alike))
    for (wake_at, deadline), ids in alike.items():
        changes = {**_FRESH, "wake_at": wake_at, "expires_at": deadline}
        tasks.filter(id__in=ids).update(**changes)
    return answers


_FRESH: dict[str, Any] = {
    "status": READY,
    "worker_ids": [],
    "losses": 0,
    "started_at": None,
    "last_attempted_at": None,
    "finished_at": None,
    "return_value": None,
    "progress": None,
    "cancel_requested_at": None,
    # Its message is gone: a broker needs a new one.
    "published_at": None,
}


def _requeue(
    tasks: QuerySet[TaskRow],
    row: TaskRow,
    changes: dict[str, Any],
    alike: dict[tuple[Any, ...], list[UUID]],
) -> Requeueing:
    if row.unique_key is None:
        alike[changes["wake_at"], changes["expires_at"]].append(row.id)
    else:
        try:
            with transaction.atomic(using=tasks.db):
                tasks.filter(id=row.id).update(**changes)
        except IntegrityError:
            return Requeueing.DUPLICATE
    for name, value in changes.items():
        setattr(row, name, value)
    row.worker_ids = []
    return Requeueing.DONE


def _changes(row: TaskRow, expires_at: datetime | None, now: datetime) -> dict[str, Any]:
    deadline = expires_at or row.expires_at
    if expires_at is None and deadline is not None and deadline <= now:
        deadline = None
    later = row.run_after is not None and row.run_after > now
    return {**_FRESH, "wake_at": row.run_after if later else None, "expires_at": deadline}


def _is_incomplete(row: TaskRow) -> bool:
    # No row was written when it was enqueued. Arguments that came pickled are kept as their repr,
    # and the rest of a chain is not kept; where the message can be made again, on_lost may say so.
    return row.enqueued_at is None and row.on_lost == "fail"

"""What follows from a result that a worker without a ledger has stored; nothing is done here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import states
from django.utils.timezone import is_naive, make_aware

from bridge.interface import TaskError
from bridge.ledger.messages import UNRECORDED
from bridge.ledger.models import FAILED, READY, SUCCESSFUL, TaskRow
from bridge.ledger.results import to_json
from compat.celery.meta import UNKNOWN_NAME, class_path, has_begun, moment, shown
from compat.celery.moments import aware

REVOKED = "celery.exceptions.TaskRevokedError"
CANCELLED = "bridge.exceptions.TaskCancelled"
MOST_SENDS = 10
"""How often a message is sent again that a worker threw away: it did not know the task's name."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=10)
"""Between that and the next message; it doubles. All of them together: three quarters of an hour,
in which the old workers may be replaced."""


@dataclass(frozen=True, slots=True)
class Settle:
    """The task has ended like this."""

    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Its message is gone, and its code has not run."""

    errors: list[Any]


Verdict = Settle | SendAgain | None


def judge(row: TaskRow, meta: Mapping[str, Any], now: datetime) -> Verdict:
    """Say what follows for a row from a result as Celery has stored it.

    None leaves the row alone: it does not wait for a result, or there is none that says how its
    present attempt ended. RETRY, STARTED, RECEIVED, REJECTED and states of the project's own are
    no end: Celery waits on, and so does the row.
    """
    if row.status != READY or row.published_at is None:
        return None
    if meta["status"] not in states.READY_STATES:
        return None
    finished_at = moment(meta.get("date_done"))
    ran_before = row.token > 0 or bool(row.errors)
    if ran_before and (finished_at is None or _aware(row.published_at) > finished_at):
        return None  # that is how an earlier attempt ended, or one of before it was requeued
    if meta["status"] == states.SUCCESS:
        value = {"status": SUCCESSFUL, "return_value": shown(meta.get("result"))}
        return Settle({**_facts(row, meta, finished_at or now), **value})
    path = class_path(meta.get("result"))
    error = TaskError(exception_class_path=path, traceback=meta.get("traceback") or "")
    errors = [*row.errors, to_json(error)]
    if _thrown_away(row, path):
        known = sum(each["exception_class_path"] == path for each in row.errors)
        if known < MOST_SENDS:
            ready_at = (finished_at or _aware(row.published_at)) + _wait(known)
            return SendAgain(errors) if now >= ready_at else None
    return Settle({**_facts(row, meta, finished_at or now), "status": FAILED, "errors": errors})


def _facts(row: TaskRow, meta: Mapping[str, Any], finished_at: datetime) -> dict[str, Any]:
    # Attempts that nobody has recorded are known with result_extended only.
    retries = meta.get("retries")
    unseen = max(0, retries - row.runs) if isinstance(retries, int) else 0
    last = [meta.get("worker") or UNRECORDED] if has_begun(meta) else []
    return {
        # Were it requeued, this result would be one of an earlier attempt.
        "token": row.token + 1,
        "finished_at": aware(finished_at),
        "worker_ids": [*row.worker_ids, *[UNRECORDED] * unseen, *last],
    }


def _thrown_away(row: TaskRow, path: str) -> bool:
    """Say whether a worker has dropped the message of a task that is to run."""
    if path == UNKNOWN_NAME:
        return True
    return path == REVOKED and is_requeued(row)


def is_requeued(row: TaskRow) -> bool:
    """Say whether a task waits again that was cancelled.

    A worker remembers for hours what it was told to revoke, and tells those that start.
    """
    return row.status == READY and any(
        each["exception_class_path"] == CANCELLED for each in row.errors
    )


def _wait(sent_again: int) -> timedelta:
    return min(timedelta(seconds=FIRST_WAIT.total_seconds() * 2.0**sent_again), LONGEST_WAIT)


def _aware(value: datetime) -> datetime:
    return make_aware(value) if is_naive(value) else value

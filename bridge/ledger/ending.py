"""What becomes of a row that a worker holds: the new values of every field that changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone

from bridge.exceptions import WorkerLost
from bridge.interface import TaskError, TaskResultStatus
from bridge.ledger.results import to_json
from bridge.outcome import Failed, Outcome, RetryLater, Succeeded, describe

if TYPE_CHECKING:
    from bridge.hooks import Spec
    from bridge.ledger.models import TaskRow

READY = TaskResultStatus.READY
FAILED = TaskResultStatus.FAILED
SUCCESSFUL = TaskResultStatus.SUCCESSFUL


@dataclass(frozen=True, slots=True)
class Consequences:
    """What the end of a task brings about: hooks to enqueue, a batch to count down."""

    hooks: Sequence[Spec]
    batch_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one claim ends. `id`, `worker` and `token` are the claim; it must still be valid.

    `value`, `errors`, `worker_ids` and `progress` are JSON texts; all but the first are None when
    they stay. A row that somebody has asked to stop does not wait for its next attempt.
    A READY row is runnable `delay` seconds from now, at once when it is None.
    """

    id: UUID
    worker: str
    token: int
    status: TaskResultStatus
    losses: int
    started_at: datetime | None
    last_attempted_at: datetime | None
    value: str | None = None
    errors: str | None = None
    worker_ids: str | None = None
    # The last word of the body, None when all it said is in the ledger. A READY row has none.
    progress: str | None = None
    delay: float | None = None
    # Is the message of a broker, if one carried this row, gone?
    spent: bool = False
    # None for most, and for all that run again.
    consequences: Consequences | None = None

    @property
    def final(self) -> bool:
        """Say whether the task does not run again."""
        return self.status != READY

    def lightened(self) -> Ending:
        """Return this ending without its hooks; without anything else if it has none."""
        rest = None
        if self.consequences is not None and self.consequences.hooks:
            rest = replace(self.consequences, hooks=())
        return replace(self, consequences=rest)


def ending_of(row: TaskRow, outcome: Outcome) -> Ending:
    """Return how a claim ends whose attempt ended like this."""
    match outcome:
        case Succeeded(value=value):
            return succeed(row, value)
        case Failed(error=error):
            return fail(row, error)
        case RetryLater(error=error, delay=delay):
            return retry_later(row, error, delay)


def succeed(row: TaskRow, value: Any) -> Ending:
    """RUNNING -> SUCCESSFUL."""
    return _leave(row, SUCCESSFUL, value=None if value is None else _dump(value))


def fail(row: TaskRow, error: TaskError) -> Ending:
    """RUNNING -> FAILED."""
    return _leave(row, FAILED, errors=_with(row, error))


def retry_later(row: TaskRow, error: TaskError, delay: float) -> Ending:
    """RUNNING -> READY in `delay` seconds. Raise OverflowError when that is past year 9999."""
    timezone.now() + timedelta(seconds=delay)  # the ledger would take what nobody can read
    # The message is spent; until a new one is sent the task waits for the relay.
    return _leave(row, READY, errors=_with(row, error), delay=delay, spent=True)


def release(row: TaskRow) -> Ending:
    """RUNNING -> READY for a task that was claimed and not started; it costs no attempt."""
    worker_ids = row.worker_ids[:-1]
    first = {} if worker_ids else {"started_at": None, "last_attempted_at": None}
    return _leave(row, READY, worker_ids=_dump(worker_ids), **first)


def lose(row: TaskRow, reason: str, *, max_losses: int) -> Ending:
    """RUNNING -> READY or FAILED, as its on_lost says, because its worker died."""
    errors = _with(row, describe(WorkerLost(reason)))
    losses = row.losses + 1
    if row.on_lost == "retry" and losses < max_losses:
        # Whatever message the dead worker held is gone with it: a broker needs a new one.
        return _leave(row, READY, errors=errors, losses=losses, spent=True)
    return _leave(row, FAILED, errors=errors, losses=losses)


def ended(row: TaskRow) -> Ending:
    """Return the ending of a row that has ended, as it is in memory; there is no claim to end."""
    value = None if row.return_value is None else _dump(row.return_value)
    return _leave(row, TaskResultStatus(row.status), value=value)


def apply(row: TaskRow, ending: Ending, at: datetime) -> None:
    """Make a row in memory what its ending made of it in the ledger, at that time."""
    row.status = ending.status
    row.worker = None
    row.losses = ending.losses
    row.started_at = ending.started_at
    row.last_attempted_at = ending.last_attempted_at
    row.finished_at = at if ending.final else None
    if not ending.final:
        row.progress = None
    row.return_value = None if ending.value is None else json.loads(ending.value)
    if ending.errors is not None:
        row.errors = json.loads(ending.errors)
    if ending.worker_ids is not None:
        row.worker_ids = json.loads(ending.worker_ids)
    if ending.delay is not None:
        row.run_after = at + timedelta(seconds=ending.delay)
        row.wake_at = row.run_after if ending.delay > 0 else None
    if ending.spent:
        row.published_at = None


def _leave(row: TaskRow, status: TaskResultStatus, **changes: Any) -> Ending:
    values: dict[str, Any] = {
        "losses": row.losses,
        "started_at": row.started_at,
        "last_attempted_at": row.last_attempted_at,
    }
    if row.progress is not None and status != READY:
        values["progress"] = json.dumps(row.progress)
    values.update(changes)
    if status != READY and (row.hooks or row.batch_id):
        values["consequences"] = Consequences((row.hooks or {}).get(status, ()), row.batch_id)
    # A row without a worker is nobody's claim: no ending fits it.
    return Ending(id=row.id, worker=row.worker or "", token=row.token, status=status, **values)


def _with(row: TaskRow, error: TaskError) -> str:
    return _dump([*row.errors, to_json(error)])


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

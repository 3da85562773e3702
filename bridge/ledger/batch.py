"""New rows on their way into the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from bridge.retry import like
from bridge.values import to_text

if TYPE_CHECKING:
    from bridge.ledger.models import TaskRow

COLUMNS = (
    "task_path, backend, transport, queue_name, priority, on_lost, "
    "run_after, wake_at, enqueued_at, id, args, kwargs, status, token, losses, worker_ids, errors"
)
"""What the rows of a batch share, what each has of its own, and how a new row starts."""

STARTS = "'READY', 0, 0, '[]', '[]'"
"""The values of the last columns."""

VALUES = f"({', '.join(['%s'] * 12)}, {STARTS})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of one task: what they share, and each row's id and arguments, which are JSON texts."""

    task_path: str
    backend: str
    transport: str
    queue_name: str
    priority: int
    on_lost: str
    run_after: datetime | None
    enqueued_at: datetime
    ids: Sequence[UUID]
    args: Sequence[str]
    kwargs: Sequence[str]

    @property
    def wake_at(self) -> datetime | None:
        """Return until when the rows cannot be claimed, None when they can be at once."""
        if self.run_after is None or self.run_after <= self.enqueued_at:
            return None
        return self.run_after

    def shared(self, connection: BaseDatabaseWrapper) -> list[Any]:
        """Return the parameters that are the same for every row."""
        adapt = connection.ops.adapt_datetimefield_value
        return [
            self.task_path,
            self.backend,
            self.transport,
            self.queue_name,
            self.priority,
            self.on_lost,
            adapt(self.run_after),
            adapt(self.wake_at),
            adapt(self.enqueued_at),
        ]

    def rows(self, connection: BaseDatabaseWrapper) -> list[list[Any]]:
        """Return the parameters of VALUES, row by row."""
        shared = self.shared(connection)
        # As UUIDField does: MariaDB has the type since 10.7, MySQL and SQLite keep 32 digits.
        as_text = str if connection.features.has_native_uuid_field else _digits
        return [
            [*shared, as_text(row_id), args, kwargs]
            for row_id, args, kwargs in zip(self.ids, self.args, self.kwargs, strict=True)
        ]


def batch_of(row: TaskRow) -> Batch:
    """Return the batch of one row that is enqueued now."""
    now = timezone.now()
    return Batch(
        task_path=row.task_path,
        backend=row.backend,
        transport=row.transport,
        queue_name=row.queue_name,
        priority=row.priority,
        on_lost=row.on_lost,
        run_after=row.run_after and like(row.run_after, now),
        enqueued_at=now,
        ids=[row.id],
        args=[to_text(row.args)],
        kwargs=[to_text(row.kwargs)],
    )


def _digits(row_id: UUID) -> str:
    return row_id.hex

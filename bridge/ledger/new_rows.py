"""New rows on their way into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper

from bridge.ids import new_id
from bridge.values import to_text

COLUMNS = (
    "task_path, backend, transport, queue_name, priority, on_lost, "
    "run_after, wake_at, enqueued_at, batch_id, id, args, kwargs, "
    "status, token, losses, worker_ids, errors"
)
"""What the rows of a batch share, what each has of its own, and how a new row starts."""

STARTS = "'READY', 0, 0, '[]', '[]'"
"""The values of the last columns."""

VALUES = f"({', '.join(['%s'] * 13)}, {STARTS})"


MOST_ROWS = 1000
MOST_TEXT = 1 << 19
"""No batch has more rows, nor many more characters: MySQL refuses a statement over 16 MB."""


class Item(NamedTuple):
    """What a row has of its own; its arguments are JSON texts."""

    id: UUID
    args: str
    kwargs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRows:
    """Rows of one task: what they share, and what each has of its own."""

    task_path: str
    backend: str
    transport: str
    queue_name: str
    priority: int
    on_lost: str
    run_after: datetime | None
    enqueued_at: datetime
    items: Sequence[Item]
    batch_id: UUID | None = None

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
            None if self.batch_id is None else _key_of(connection)(self.batch_id),
        ]

    def rows(self, connection: BaseDatabaseWrapper) -> list[list[Any]]:
        """Return the parameters of VALUES, row by row."""
        shared, key = self.shared(connection), _key_of(connection)
        return [[*shared, key(item.id), item.args, item.kwargs] for item in self.items]


def _key_of(connection: BaseDatabaseWrapper) -> Callable[[UUID], str]:
    # As UUIDField does: MariaDB has the type since 10.7, MySQL and SQLite keep 32 digits.
    return str if connection.features.has_native_uuid_field else _digits


def _digits(key: UUID) -> str:
    return key.hex


def new_item(args: Iterable[Any], kwargs: Mapping[str, Any], *, typed: bool = False) -> Item:
    """Return what a new row has of its own. Raise TypeError for arguments that are not JSON."""
    return Item(new_id(), to_text(list(args), typed=typed), to_text(dict(kwargs), typed=typed))


def chunked(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield the items in lists, each of which fits in one batch."""
    chunk: list[Item] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += len(item.args) + len(item.kwargs)
        if len(chunk) == MOST_ROWS or size >= MOST_TEXT:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk

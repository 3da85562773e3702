"""Many calls at once: all of them are enqueued, or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction

from bridge.hooks import Hooks, specs_of
from bridge.ledger.models import BatchRow, TaskRow
from bridge.ledger.new_rows import MOST_ROWS

if TYPE_CHECKING:
    from bridge.ledger.store import Store


class Written(NamedTuple):
    """The row of each call, and those among them that are new."""

    rows: list[TaskRow]
    new: list[TaskRow]


def write_many(
    store: Store, drafts: Iterable[TaskRow], batch: BatchRow | None, *, notify: bool
) -> Written:
    """Write rows and their batch in one transaction; a thousand at a time are drafted.

    A row that is there already, by its unique_key, is part of no batch but its own.
    """
    written = Written([], [])
    chunks = _chunked(iter(drafts))
    # Drafted before the transaction opens, which few calls then keep short.
    first = next(chunks, [])
    if not first and batch is None:
        return written
    with transaction.atomic(using=store.using):
        for chunk in chain([first], chunks):
            for draft in chunk:
                draft.batch_id = None if batch is None else batch.id
            kept = store.insert_many(chunk, notify=notify)
            written.rows.extend(kept)
            written.new.extend(row for row, other in zip(chunk, kept, strict=True) if row is other)
        if batch is not None:
            batch.total = batch.pending = len(written.new)
            store.open_batch(batch)
    return written


def new_batch(on_complete: Hooks | None) -> BatchRow | None:
    """Return a batch that is not written yet; None when nobody asked for one."""
    return None if on_complete is None else BatchRow(on_complete=specs_of(on_complete))


def _chunked(drafts: Iterator[TaskRow]) -> Iterator[list[TaskRow]]:
    while chunk := list(islice(drafts, MOST_ROWS)):
        yield chunk

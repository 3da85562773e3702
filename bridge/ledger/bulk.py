"""Many new rows, with or without a unique_key, in statements that every server takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.backends.utils import CursorWrapper

from bridge.ledger.inserting import enqueue_now, insert_rows
from bridge.ledger.models import TaskRow
from bridge.ledger.new_rows import MOST_ROWS, MOST_TEXT
from bridge.ledger.uniqueness import insert_unique
from bridge.ledger.vendors import vendor_of
from bridge.values import to_text


def insert_all(cursor: CursorWrapper, rows: Sequence[TaskRow]) -> list[TaskRow]:
    """Write READY rows; return in the place of each the row that has its unique_key.

    Call it in a transaction.
    """
    vendor = vendor_of(cursor.db)
    for row in rows:
        enqueue_now(row)
    for chunk, texts in _chunked([row for row in rows if row.unique_key is None]):
        if sum(map(len, texts)) >= MOST_TEXT:
            vendor.check_size(cursor, texts)
        insert_rows(cursor, chunk)
    kept = {
        row.id: insert_unique(cursor, vendor, row)
        # In one order everywhere: two that write the same keys must not want them crosswise.
        for row in sorted(rows, key=lambda row: row.unique_key or "")
        if row.unique_key is not None
    }
    return [kept.get(row.id, row) for row in rows]


def _chunked(rows: Sequence[TaskRow]) -> Iterator[tuple[list[TaskRow], list[str]]]:
    chunk: list[TaskRow] = []
    texts: list[str] = []
    size = 0
    for row in rows:
        chunk.append(row)
        texts.append(to_text([row.args, row.kwargs, row.hooks]))
        size += len(texts[-1])
        if len(chunk) == MOST_ROWS or size >= MOST_TEXT:
            yield chunk, texts
            chunk, texts, size = [], [], 0
    if chunk:
        yield chunk, texts

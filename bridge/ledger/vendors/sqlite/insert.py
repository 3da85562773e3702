"""New rows on SQLite."""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper

from bridge.ledger.batch import COLUMNS, VALUES, Batch

INSERT = f"INSERT INTO bridge_task ({COLUMNS}) VALUES {VALUES}"


def insert(cursor: CursorWrapper, batch: Batch, *, notify: bool = False) -> None:
    """Write a batch row by row; workers notice by themselves that the file has changed."""
    rows = batch.rows(cursor.db)
    if len(rows) == 1:
        cursor.execute(INSERT, rows[0])
    else:
        cursor.executemany(INSERT, rows)

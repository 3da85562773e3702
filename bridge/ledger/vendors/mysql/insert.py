"""New rows on MySQL and MariaDB."""

from __future__ import annotations

from itertools import chain

from django.db.backends.utils import CursorWrapper

from bridge.ledger.batch import COLUMNS, VALUES, Batch

INSERT = f"INSERT INTO bridge_task ({COLUMNS}) VALUES "


def insert(cursor: CursorWrapper, batch: Batch, *, notify: bool = False) -> None:
    """Write a batch in one statement; workers poll, since there is nothing to notify them."""
    rows = batch.rows(cursor.db)
    cursor.execute(INSERT + ", ".join([VALUES] * len(rows)), list(chain.from_iterable(rows)))

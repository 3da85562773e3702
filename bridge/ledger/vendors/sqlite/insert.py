"""New rows on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from bridge.ledger.models import TaskRow
from bridge.ledger.new_rows import COLUMNS, VALUES, NewRows

INSERT = f"INSERT INTO bridge_task ({COLUMNS}) VALUES {VALUES}"


def insert(cursor: CursorWrapper, new: NewRows, *, notify: bool = False) -> None:
    """Write a new row by row; workers notice by themselves that the file has changed."""
    rows = new.rows(cursor.db)
    if len(rows) == 1:
        cursor.execute(INSERT, rows[0])
    else:
        cursor.executemany(INSERT, rows)


def insert_unless_there(
    cursor: CursorWrapper, statement: str, parameters: Sequence[Any], unique_key: str
) -> TaskRow | None:
    """Insert in one statement."""
    cursor.execute(f"{statement} ON CONFLICT DO NOTHING", parameters)
    return None


def check_size(cursor: CursorWrapper, texts: Iterable[str]) -> None:
    """Do nothing: an error of the library says so."""


def ring(cursor: CursorWrapper, queue: str) -> None:
    """Do nothing: workers look by themselves."""

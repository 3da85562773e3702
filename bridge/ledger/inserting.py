"""New rows with policies, on any connection to any vendor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models.sql import InsertQuery
from django.utils import timezone

from bridge.ledger.columns import FIELDS
from bridge.ledger.models import TaskRow
from bridge.retry import like


def enqueue_now(row: TaskRow) -> None:
    """Give a new row its times."""
    now = timezone.now()
    row.enqueued_at = now
    if row.run_after is not None:
        row.run_after = like(row.run_after, now)
        row.wake_at = row.run_after if row.run_after > now else None


def insert_rows(cursor: CursorWrapper, rows: Sequence[TaskRow]) -> None:
    """Write rows in as few statements as the vendor allows."""
    most = max(1, cursor.db.ops.bulk_batch_size(FIELDS, rows) or len(rows))
    for start in range(0, len(rows), most):
        for sql, parameters in insert_statements(cursor.db, rows[start : start + most]):
            cursor.execute(sql, parameters)


def insert_statements(
    connection: BaseDatabaseWrapper, rows: Sequence[TaskRow]
) -> list[tuple[str, Sequence[Any]]]:
    """Return what writes every column of rows, as Django would write them."""
    query = InsertQuery(TaskRow)
    query.insert_values(FIELDS, list(rows), raw=False)
    statements: list[tuple[str, Sequence[Any]]]
    statements = query.get_compiler(connection=connection).as_sql()
    return statements

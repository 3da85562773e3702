"""Tasks of a batch that have finished, on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from bridge.ledger.batches import COUNT_DOWN

READ = "SELECT on_complete FROM bridge_batch WHERE id = %s AND pending = 0"


def count_down(cursor: CursorWrapper, key: Any, counts: Sequence[Any]) -> str | None:
    """Count in one statement, and look in another."""
    cursor.execute(COUNT_DOWN, [*counts, key])
    if not cursor.rowcount:
        return None
    cursor.execute(READ, [key])
    row = cursor.fetchone()
    return None if row is None else str(row[0])

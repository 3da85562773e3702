"""Tasks of a batch that have finished, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from bridge.ledger.batches import COUNT_DOWN

AND_LOOK = f"{COUNT_DOWN} RETURNING pending, on_complete"


def count_down(cursor: CursorWrapper, key: Any, counts: Sequence[Any]) -> str | None:
    """Count and look in one statement."""
    cursor.execute(AND_LOOK, [*counts, key])
    ((pending, on_complete),) = cursor.fetchall() or [(1, None)]
    return None if pending else str(on_complete)

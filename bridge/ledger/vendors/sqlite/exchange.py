"""Finish the last batch and claim the next on SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from bridge.ledger.ending import Ending
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.sqlite.claim import claim as take
from bridge.ledger.vendors.sqlite.leave import leave
from bridge.ledger.vendors.verbs import Claim, Left


def exchange(
    cursor: CursorWrapper, endings: Sequence[Ending], claim: Claim, *, skip_locked: bool = False
) -> tuple[Left, list[TaskRow]]:
    """Leave and claim in the transaction of the cursor."""
    return leave(cursor, endings, skip_locked=skip_locked), take(cursor, claim)

"""Finish the last batch and claim the next on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from bridge.ledger.ending import Ending
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.mysql.claim import claim as take
from bridge.ledger.vendors.mysql.leave import leave
from bridge.ledger.vendors.verbs import Claim, Left


def exchange(
    cursor: CursorWrapper, endings: Sequence[Ending], claim: Claim, *, skip_locked: bool = False
) -> tuple[Left, list[TaskRow]]:
    """Leave and claim in the transaction of the cursor.

    In this order: to leave may wait for a lock, and whoever waits holds no row others could claim.
    """
    return leave(cursor, endings, skip_locked=skip_locked), take(cursor, claim)

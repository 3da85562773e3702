"""What running tasks say of their progress, on SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from bridge.ledger.vendors.verbs import Report

REPORT = "UPDATE bridge_task SET progress = %s WHERE id = %s AND worker = %s AND token = %s"


def report(cursor: CursorWrapper, reports: Sequence[Report]) -> set[UUID]:
    """Write one by one; there is no round trip to save."""
    kept = set()
    for each in reports:
        cursor.execute(REPORT, [each.progress, each.id.hex, each.worker, each.token])
        if cursor.rowcount:
            kept.add(each.id)
    return kept

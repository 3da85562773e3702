"""What running tasks say of their progress, on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from bridge.ledger.vendors.mysql.keys import keys
from bridge.ledger.vendors.verbs import Report

HOLD = """
    SELECT id, worker, token FROM bridge_task FORCE INDEX (PRIMARY)
    WHERE id IN ({ids}) AND status = 'RUNNING'
    FOR UPDATE SKIP LOCKED"""

REPORT = "UPDATE bridge_task FORCE INDEX (PRIMARY) SET progress = %s WHERE id = %s"


def report(cursor: CursorWrapper, reports: Sequence[Report]) -> set[UUID]:
    """Lock the claims that are still valid and that nobody else has locked, then write."""
    places, ids = keys(each.id for each in reports)
    cursor.execute(HOLD.format(ids=places), ids)
    held = {(UUID(str(key)), worker, token) for key, worker, token in cursor.fetchall()}
    valid = [each for each in reports if (each.id, each.worker, each.token) in held]
    cursor.executemany(REPORT, [[each.progress, each.id.hex] for each in valid])
    return {each.id for each in valid}

"""READY -> RUNNING on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from bridge.ledger.columns import columns, decode
from bridge.ledger.models import RUNNING, TaskRow
from bridge.ledger.vendors.mysql.clock import CLOCK, localized
from bridge.ledger.vendors.mysql.keys import MOST, keys
from bridge.ledger.vendors.verbs import Claim

# The conditions fix every column of the index before those of the order, so the server stops at
# the last row it takes: it locks no other, and sorts nothing. It does not stop so for a range.
PICK = f"""
    SELECT {CLOCK}, {columns()} FROM bridge_task FORCE INDEX (bridge_task_ready)
    WHERE status = 'READY' AND transport = %s AND wake_at IS NULL AND lane IS NULL
        AND queue_name = %s
        AND NOT EXISTS (SELECT 1 FROM bridge_pause WHERE transport = %s AND queue_name = %s)
    ORDER BY urgency, id
    LIMIT %s
    FOR UPDATE SKIP LOCKED"""

PICK_FROM_LANES = f"""
    SELECT {CLOCK}, {columns()} FROM bridge_task FORCE INDEX (PRIMARY)
    WHERE id IN ({{ids}}) AND status = 'READY' AND wake_at IS NULL
    FOR UPDATE SKIP LOCKED"""

TAKE = """
    UPDATE bridge_task FORCE INDEX (PRIMARY)
    SET status = 'RUNNING', worker = %s, token = token + 1,
        worker_ids = JSON_ARRAY_APPEND(worker_ids, '$', %s),
        started_at = COALESCE(started_at, %s), last_attempted_at = %s
    WHERE id IN ({ids})"""


def claim(cursor: CursorWrapper, claim: Claim) -> list[TaskRow]:
    """Claim in two statements, and one more for every other queue."""
    limit = min(claim.limit, MOST)
    records = []
    for queue in claim.queues:
        cursor.execute(PICK, [claim.transport, queue, claim.transport, queue, limit])
        records += cursor.fetchall()
    if not records:
        return []
    return _start(cursor, claim, records, limit)


def take(cursor: CursorWrapper, claim: Claim, ids: Sequence[UUID]) -> list[TaskRow]:
    """Take rows out of their lanes in two statements."""
    places, wanted = keys(ids)
    cursor.execute(PICK_FROM_LANES.format(ids=places), wanted)
    records = cursor.fetchall()
    return _start(cursor, claim, records, len(records)) if records else []


def _start(
    cursor: CursorWrapper, claim: Claim, records: Sequence[Sequence[Any]], limit: int
) -> list[TaskRow]:
    rows = decode(cursor.db, [record[1:] for record in records])[:limit]
    at = localized(records[-1][0])
    stored = cursor.db.ops.adapt_datetimefield_value(at)
    places, ids = keys(row.id for row in rows)
    parameters = [claim.worker, claim.worker_id, stored, stored, *ids]
    cursor.execute(TAKE.format(ids=places), parameters)
    for row in rows:
        _take(row, claim, at)
    return rows


def _take(row: TaskRow, claim: Claim, at: datetime) -> None:
    """Do to a row in memory what TAKE does to it in the ledger."""
    row.status = RUNNING
    row.worker = claim.worker
    row.token += 1
    row.worker_ids = [*row.worker_ids, claim.worker_id]
    row.started_at = row.started_at or at
    row.last_attempted_at = at

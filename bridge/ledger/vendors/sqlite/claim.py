"""READY -> RUNNING on SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from bridge.ledger.columns import columns, decode
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.verbs import Claim

# Queue by queue, so that each is read along the index and nothing is sorted.
_FIRST_OF_QUEUE = """
    SELECT * FROM (
        SELECT id, priority FROM bridge_task
        WHERE transport = %s AND queue_name = %s
            AND status = 'READY' AND wake_at IS NULL AND lane IS NULL
            AND NOT EXISTS (SELECT 1 FROM bridge_pause WHERE transport = %s AND queue_name = %s)
        ORDER BY priority DESC, id
        LIMIT %s
    )"""

_START = """
    UPDATE bridge_task
    SET status = 'RUNNING', worker = %s, token = token + 1,
        worker_ids = json_insert(worker_ids, '$[#]', %s),
        started_at = coalesce(started_at, %s), last_attempted_at = %s"""

CLAIM = f"""
    {_START}
    WHERE id IN (SELECT id FROM ({{first}}) ORDER BY priority DESC, id LIMIT %s)
    RETURNING {columns()}"""

TAKE = f"""
    {_START}
    WHERE id IN ({{ids}}) AND status = 'READY' AND wake_at IS NULL
    RETURNING {columns()}"""


def claim(cursor: CursorWrapper, claim: Claim) -> list[TaskRow]:
    """Claim in one statement."""
    if not claim.queues:
        return []
    first = " UNION ALL ".join([_FIRST_OF_QUEUE] * len(claim.queues))
    parameters = _parameters_of_start(cursor, claim)
    for queue in claim.queues:
        parameters += [claim.transport, queue, claim.transport, queue, claim.limit]
    cursor.execute(CLAIM.format(first=first), [*parameters, claim.limit])
    return decode(cursor.db, cursor.fetchall())


def take(cursor: CursorWrapper, claim: Claim, ids: Sequence[UUID]) -> list[TaskRow]:
    """Take rows out of their lanes in one statement."""
    parameters = [*_parameters_of_start(cursor, claim), *[each.hex for each in ids]]
    cursor.execute(TAKE.format(ids=", ".join(["%s"] * len(ids))), parameters)
    return decode(cursor.db, cursor.fetchall())


def _parameters_of_start(cursor: CursorWrapper, claim: Claim) -> list[Any]:
    now = cursor.db.ops.adapt_datetimefield_value(timezone.now())
    return [claim.worker, claim.worker_id, now, now]

"""Lanes and limits on SQLite."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from bridge.ledger.columns import WAITING_FIELDS, columns, decode
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.verbs import Head, Limit, Survey

STEPS = 1000
"""How many lanes one survey reads: a few milliseconds."""

_WAITING = """
    FROM bridge_task
    WHERE transport = %s AND status = 'READY' AND wake_at IS NULL"""

# One step along the index per lane, however many rows each has.
SURVEY = f"""
    WITH RECURSIVE step(lane, number) AS (
        SELECT (SELECT min(lane) {_WAITING} AND lane > %s), 1
        UNION ALL
        SELECT (SELECT min(lane) {_WAITING} AND lane > step.lane), number + 1
        FROM step WHERE step.lane IS NOT NULL AND number < %s
    )
    SELECT head.lane, head.queue_name, head.priority, head.id, EXISTS (
        SELECT 1 FROM bridge_pause
        WHERE transport = head.transport AND queue_name = head.queue_name
    )
    FROM step JOIN bridge_task AS head ON head.id = (
        SELECT id {_WAITING} AND lane = step.lane ORDER BY priority DESC, id LIMIT 1
    )
    WHERE step.lane IS NOT NULL
    ORDER BY step.number"""

FIRST = f"""
    SELECT * FROM (
        SELECT {columns(fields=WAITING_FIELDS)} {_WAITING} AND lane = %s
            AND NOT EXISTS (
                SELECT 1 FROM bridge_pause AS pause
                WHERE pause.transport = bridge_task.transport
                    AND pause.queue_name = bridge_task.queue_name
            )
        ORDER BY priority DESC, id
        LIMIT %s
    )"""

HOLD = "SELECT key, state FROM bridge_limit WHERE key IN ({keys})"


def survey(cursor: CursorWrapper, transport: str, after: str) -> Survey:
    """Survey in one statement."""
    cursor.execute(SURVEY, [transport, after, transport, STEPS, transport])
    heads = [
        Head(lane, queue, priority, UUID(key), bool(paused))
        for lane, queue, priority, key, paused in cursor.fetchall()
    ]
    return Survey(heads, heads[-1].lane if len(heads) == STEPS else None)


def waiting(
    cursor: CursorWrapper, transport: str, lanes: Sequence[str], most: int
) -> list[TaskRow]:
    """Read in one statement."""
    parameters: list[str | int] = []
    for lane in lanes:
        parameters += [transport, lane, most]
    cursor.execute(" UNION ALL ".join([FIRST] * len(lanes)), parameters)
    return decode(cursor.db, cursor.fetchall(), WAITING_FIELDS)


def hold(cursor: CursorWrapper, keys: Sequence[str]) -> dict[str, Limit]:
    """Read: whoever may write holds the whole file."""
    cursor.execute(HOLD.format(keys=", ".join(["%s"] * len(keys))), list(keys))
    now = time.time_ns() // 1000
    return {key: Limit(json.loads(state), now) for key, state in cursor.fetchall()}

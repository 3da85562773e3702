"""Lanes and limits on MySQL and MariaDB."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from bridge.ledger.columns import WAITING_FIELDS, columns, decode
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.mysql.clock import CLOCK
from bridge.ledger.vendors.verbs import Head, Limit, Survey

STEPS = 50
"""How many lanes one survey reads: a few milliseconds, since each step is a round trip."""

_WAITING = """
    FROM bridge_task FORCE INDEX (bridge_task_lane)
    WHERE status = 'READY' AND transport = %s AND wake_at IS NULL"""

# One step along the index, as for queues. GROUP BY reads all rows of a lane, or even sorts them.
NEXT_LANE = f"SELECT MIN(lane) {_WAITING} AND lane > %s"

_PAUSED = """
    EXISTS (
        SELECT 1 FROM bridge_pause AS pause
        WHERE pause.transport = bridge_task.transport AND pause.queue_name = bridge_task.queue_name
    )"""

HEAD = f"""
    (SELECT lane, queue_name, priority, id, {_PAUSED} {_WAITING} AND lane = %s
     ORDER BY urgency, id LIMIT 1)"""

FIRST = f"""
    (SELECT {columns(fields=WAITING_FIELDS)} {_WAITING} AND lane = %s AND NOT {_PAUSED}
     ORDER BY urgency, id LIMIT %s)"""

HOLD = f"""
    SELECT `key`, state, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {CLOCK})
    FROM bridge_limit FORCE INDEX (PRIMARY)
    WHERE `key` IN ({{keys}})
    FOR UPDATE SKIP LOCKED"""


def survey(cursor: CursorWrapper, transport: str, after: str) -> Survey:
    """Survey in one statement per lane, and one more."""
    lanes: list[str] = []
    lane: str | None = after
    while len(lanes) < STEPS:
        cursor.execute(NEXT_LANE, [transport, lane])
        ((lane,),) = cursor.fetchall()
        if lane is None:
            break
        lanes.append(lane)
    if not lanes:
        return Survey([], None)
    parameters = chain.from_iterable((transport, lane) for lane in lanes)
    cursor.execute(" UNION ALL ".join([HEAD] * len(lanes)), list(parameters))
    heads = [
        Head(name, queue, priority, UUID(str(key)), bool(paused))
        for name, queue, priority, key, paused in cursor.fetchall()
    ]
    return Survey(heads, lane)


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
    """Lock in one statement."""
    cursor.execute(HOLD.format(keys=", ".join(["%s"] * len(keys))), list(keys))
    return {key: Limit(json.loads(state), at) for key, state, at in cursor.fetchall()}

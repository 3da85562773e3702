"""Lanes and limits on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from bridge.ledger.columns import WAITING_FIELDS, columns, decode
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.verbs import Head, Limit, Survey

STEPS = 1000
"""How many lanes one survey reads: a few milliseconds."""

_HEAD = """
    SELECT lane, queue_name, priority, id FROM bridge_task
    WHERE transport = %s AND status = 'READY' AND wake_at IS NULL AND lane > {}
    ORDER BY lane, priority DESC, id
    LIMIT 1"""

# One step along the index per lane, however many rows each has.
SURVEY = f"""
    WITH RECURSIVE head(lane, queue_name, priority, id, step) AS (
        (SELECT *, 1 FROM ({_HEAD.format("%s")}) AS first)
        UNION ALL
        SELECT next.*, head.step + 1
        FROM head CROSS JOIN LATERAL ({_HEAD.format("head.lane")}) AS next
        WHERE head.step < %s::int
    )
    SELECT lane, queue_name, priority, id, EXISTS (
        SELECT FROM bridge_pause WHERE transport = %s AND queue_name = head.queue_name
    )
    FROM head ORDER BY step"""

WAITING = f"""
    SELECT first.*
    FROM unnest(%s::text[]) AS wanted(lane)
    CROSS JOIN LATERAL (
        SELECT {columns(fields=WAITING_FIELDS)} FROM bridge_task
        WHERE transport = %s AND status = 'READY' AND wake_at IS NULL AND lane = wanted.lane
        ORDER BY priority DESC, id
        LIMIT %s::int
    ) AS first
    WHERE NOT EXISTS (
        SELECT FROM bridge_pause WHERE transport = %s AND queue_name = first.queue_name
    )"""

HOLD = """
    SELECT key, state, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    FROM bridge_limit WHERE key = ANY(%s::text[])
    FOR UPDATE SKIP LOCKED"""


def survey(cursor: CursorWrapper, transport: str, after: str) -> Survey:
    """Survey in one statement."""
    cursor.execute(SURVEY, [transport, after, transport, STEPS, transport])
    heads = [Head(*record) for record in cursor.fetchall()]
    return Survey(heads, heads[-1].lane if len(heads) == STEPS else None)


def waiting(
    cursor: CursorWrapper, transport: str, lanes: Sequence[str], most: int
) -> list[TaskRow]:
    """Read in one statement."""
    cursor.execute(WAITING, [list(lanes), transport, most, transport])
    return decode(cursor.db, cursor.fetchall(), WAITING_FIELDS)


def hold(cursor: CursorWrapper, keys: Sequence[str]) -> dict[str, Limit]:
    """Lock in one statement."""
    cursor.execute(HOLD, [list(keys)])
    return {key: Limit(json.loads(state), at) for key, state, at in cursor.fetchall()}

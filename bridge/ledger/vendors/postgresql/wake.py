"""Which rows can be claimed now, and soon, on PostgreSQL."""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper

from bridge.ledger.vendors.verbs import Look

_READY = """
    FROM bridge_task
    WHERE transport = %s AND status = 'READY' AND wake_at IS NULL AND lane IS NULL"""

# One step along the index per queue, however many rows each has.
LOOK = f"""
    WITH RECURSIVE queue(name) AS (
        (SELECT queue_name {_READY} ORDER BY queue_name LIMIT 1)
        UNION ALL
        SELECT (SELECT queue_name {_READY} AND queue_name > queue.name ORDER BY queue_name LIMIT 1)
        FROM queue WHERE queue.name IS NOT NULL
    )
    SELECT
        (SELECT array_agg(name) FROM queue WHERE name IS NOT NULL AND NOT EXISTS (
            SELECT FROM bridge_pause WHERE transport = %s AND queue_name = queue.name
        )),
        (SELECT extract(epoch FROM min(wake_at) - statement_timestamp())::float8 FROM bridge_task
         WHERE transport = %s AND status = 'READY' AND wake_at IS NOT NULL),
        EXISTS (SELECT FROM bridge_task WHERE transport = %s
            AND status = 'READY' AND wake_at IS NULL AND lane IS NOT NULL)"""

WAKE = """
    UPDATE bridge_task SET wake_at = NULL
    WHERE id IN (
        SELECT id FROM bridge_task
        WHERE transport = %s AND status = 'READY'
            AND wake_at IS NOT NULL AND wake_at <= statement_timestamp()
        ORDER BY wake_at
        LIMIT %s::int
        FOR UPDATE SKIP LOCKED
    )"""


def look(cursor: CursorWrapper, transport: str) -> Look:
    """Look in one statement."""
    cursor.execute(LOOK, [transport] * 5)
    queues, next_due, limited = cursor.fetchone()
    return Look(tuple(queues or ()), next_due, limited)


def wake(cursor: CursorWrapper, transport: str, limit: int) -> int:
    """Wake in one statement."""
    cursor.execute(WAKE, [transport, limit])
    return int(cursor.rowcount)

"""Which rows can be claimed now, and soon, on SQLite."""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from bridge.ledger.vendors.verbs import Look

_READY = """
    FROM bridge_task
    WHERE transport = %s AND status = 'READY' AND wake_at IS NULL AND lane IS NULL"""

# One step along the index per queue, however many rows each has.
QUEUES = f"""
    WITH RECURSIVE queue(name) AS (
        SELECT (SELECT min(queue_name) {_READY})
        UNION ALL
        SELECT (SELECT min(queue_name) {_READY} AND queue_name > queue.name)
        FROM queue WHERE queue.name IS NOT NULL
    )
    SELECT name FROM queue WHERE name IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM bridge_pause WHERE transport = %s AND queue_name = queue.name
    )"""

NEXT_DUE = """
    SELECT
        (SELECT min(wake_at) FROM bridge_task
         WHERE transport = %s AND status = 'READY' AND wake_at IS NOT NULL),
        EXISTS (SELECT 1 FROM bridge_task WHERE transport = %s
            AND status = 'READY' AND wake_at IS NULL AND lane IS NOT NULL)"""

WAKE = """
    UPDATE bridge_task SET wake_at = NULL
    WHERE id IN (
        SELECT id FROM bridge_task
        WHERE transport = %s AND status = 'READY' AND wake_at IS NOT NULL AND wake_at <= %s
        ORDER BY wake_at
        LIMIT %s
    )"""


def look(cursor: CursorWrapper, transport: str) -> Look:
    """Look without the write lock."""
    cursor.execute(QUEUES, [transport] * 3)
    queues = tuple(name for (name,) in cursor.fetchall())
    cursor.execute(NEXT_DUE, [transport] * 2)
    text, limited = cursor.fetchone()
    due = None if text is None else parse_datetime(text)
    if due is None:
        return Look(queues, None, bool(limited))
    if timezone.is_aware(timezone.now()):
        due = timezone.make_aware(due, cursor.db.timezone)
    return Look(queues, (due - timezone.now()).total_seconds(), bool(limited))


def wake(cursor: CursorWrapper, transport: str, limit: int) -> int:
    """Wake in one statement."""
    now = cursor.db.ops.adapt_datetimefield_value(timezone.now())
    cursor.execute(WAKE, [transport, now, limit])
    return int(cursor.rowcount)

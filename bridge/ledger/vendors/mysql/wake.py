"""Which rows can be claimed now, and soon, on MySQL and MariaDB."""

from __future__ import annotations

from uuid import UUID

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from bridge.ledger.vendors.mysql.clock import CLOCK, localized, now
from bridge.ledger.vendors.mysql.keys import MOST, keys
from bridge.ledger.vendors.verbs import Look

_READY = """
    FROM bridge_task FORCE INDEX (bridge_task_ready)
    WHERE status = 'READY' AND transport = %s"""

LOOK = f"""
    SELECT {CLOCK},
        (SELECT MIN(queue_name) {_READY} AND wake_at IS NULL AND lane IS NULL),
        (SELECT MIN(wake_at) {_READY}),
        (SELECT MIN(lane) FROM bridge_task FORCE INDEX (bridge_task_lane)
         WHERE status = 'READY' AND transport = %s AND wake_at IS NULL AND lane > '')"""

PAUSED = "SELECT queue_name FROM bridge_pause WHERE transport = %s"

# One step along the index per queue, however many rows each has. A recursive query would not
# take steps: this optimizer knows no range whose start comes from another row.
NEXT_QUEUE = f"""
    SELECT MIN(queue_name) {_READY} AND wake_at IS NULL AND lane IS NULL AND queue_name > %s"""

DUE = f"SELECT id {_READY} AND wake_at <= %s ORDER BY wake_at LIMIT %s FOR UPDATE SKIP LOCKED"

WAKE = "UPDATE bridge_task FORCE INDEX (PRIMARY) SET wake_at = NULL WHERE id IN ({ids})"


def look(cursor: CursorWrapper, transport: str) -> Look:
    """Look in two statements, and one more for every queue that has rows."""
    cursor.execute(LOOK, [transport] * 3)
    ((clock, queue, due, lane),) = cursor.fetchall()
    limited = lane is not None
    queues = []
    while queue is not None:
        queues.append(queue)
        cursor.execute(NEXT_QUEUE, [transport, queue])
        ((queue,),) = cursor.fetchall()
    cursor.execute(PAUSED, [transport])
    paused = {name for (name,) in cursor.fetchall()}
    queues = [name for name in queues if name not in paused]
    if due is None:
        return Look(tuple(queues), None, limited)
    at = localized(clock)
    if timezone.is_aware(at):
        due = timezone.make_aware(due, cursor.db.timezone)
    return Look(tuple(queues), (due - at).total_seconds(), limited)


def wake(cursor: CursorWrapper, transport: str, limit: int) -> int:
    """Wake rows that nobody else is waking."""
    at = cursor.db.ops.adapt_datetimefield_value(now(cursor))
    cursor.execute(DUE, [transport, at, min(limit, MOST)])
    places, ids = keys(UUID(key) for (key,) in cursor.fetchall())
    if ids:
        cursor.execute(WAKE.format(ids=places), ids)
    return len(ids)

"""READY -> RUNNING on SQLite."""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from bridge.ledger.columns import columns, decode
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.verbs import Claim

# Queue by queue, so that each is read along the index and nothing is sorted.
_FIRST_OF_QUEUE = """
    SELECT * FROM (
        SELECT id, priority FROM bridge_task
        WHERE transport = %s AND queue_name = %s AND status = 'READY' AND wake_at IS NULL
        ORDER BY priority DESC, id
        LIMIT %s
    )"""

CLAIM = """
    UPDATE bridge_task
    SET status = 'RUNNING', worker = %s, token = token + 1,
        worker_ids = json_insert(worker_ids, '$[#]', %s),
        started_at = coalesce(started_at, %s), last_attempted_at = %s
    WHERE id IN (SELECT id FROM ({first}) ORDER BY priority DESC, id LIMIT %s)
    RETURNING {columns}"""


def claim(cursor: CursorWrapper, claim: Claim) -> list[TaskRow]:
    """Claim in one statement."""
    if not claim.queues:
        return []
    now = cursor.db.ops.adapt_datetimefield_value(timezone.now())
    first = " UNION ALL ".join([_FIRST_OF_QUEUE] * len(claim.queues))
    parameters = [claim.worker, claim.worker_id, now, now]
    for queue in claim.queues:
        parameters += [claim.transport, queue, claim.limit]
    cursor.execute(CLAIM.format(first=first, columns=columns()), [*parameters, claim.limit])
    return decode(cursor.db, cursor.fetchall())

"""Out of RUNNING on SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from bridge.ledger.ending import Ending
from bridge.ledger.vendors.verbs import Left

LEAVE = """
    UPDATE bridge_task
    SET status = %s, worker = NULL, return_value = %s,
        errors = coalesce(%s, errors), worker_ids = coalesce(%s, worker_ids),
        losses = %s, started_at = %s, last_attempted_at = %s, finished_at = %s,
        run_after = coalesce(%s, run_after),
        wake_at = CASE WHEN cancel_requested_at IS NULL THEN %s END,
        progress = CASE WHEN %s THEN coalesce(%s, progress) END,
        published_at = CASE WHEN %s THEN NULL ELSE published_at END
    WHERE id = %s AND worker = %s AND token = %s AND status = 'RUNNING'"""


def leave(cursor: CursorWrapper, endings: Sequence[Ending], *, skip_locked: bool = False) -> Left:
    """Write the endings one by one: there is no round trip to save, and no lock of a row."""
    now = timezone.now()
    adapt = cursor.db.ops.adapt_datetimefield_value
    at = adapt(now)
    left = set()
    for ending in endings:
        again = None if ending.delay is None else adapt(now + timedelta(seconds=ending.delay))
        cursor.execute(
            LEAVE,
            [
                ending.status.value,
                ending.value,
                ending.errors,
                ending.worker_ids,
                ending.losses,
                adapt(ending.started_at),
                adapt(ending.last_attempted_at),
                at if ending.final else None,
                again,
                again if (ending.delay or 0) > 0 else None,
                ending.final,
                ending.progress,
                ending.spent,
                ending.id.hex,
                ending.worker,
                ending.token,
            ],
        )
        if cursor.rowcount:
            left.add(ending.id)
    return Left(frozenset(left), now)

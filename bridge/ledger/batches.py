"""How many tasks of a batch have not finished: counted in the commits in which they do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from bridge.hooks import Spec
from bridge.ledger.ending import FAILED, Ending
from bridge.ledger.models import BatchRow, TaskRow
from bridge.ledger.vendors import vendor_of

# MySQL assigns from left to right and sees the new values; others see the old ones.
COUNT_DOWN = """
    UPDATE bridge_batch
    SET finished_at = CASE WHEN pending <= %s THEN %s END,
        failed = failed + %s,
        pending = CASE WHEN pending <= %s THEN 0 ELSE pending - %s END
    WHERE id = %s AND pending > 0"""

COUNT_UP = """
    UPDATE bridge_batch
    SET pending = pending + %s, failed = CASE WHEN failed <= %s THEN 0 ELSE failed - %s END
    WHERE id = %s AND pending > 0"""


def count_down(
    cursor: CursorWrapper, endings: Iterable[Ending], at: datetime
) -> Iterator[tuple[UUID, list[Spec]]]:
    """Count tasks as finished, batch by batch; yield what to enqueue for each that is complete.

    A batch that is complete stays so, whatever becomes of its tasks.
    """
    vendor = vendor_of(cursor.db)
    stored = cursor.db.ops.adapt_datetimefield_value(at)
    tallies = _tallied(
        (each.consequences.batch_id, each.status) for each in endings if each.consequences
    )
    for batch_id, (number, failed) in tallies:
        counts = [number, stored, failed, number, number]
        on_complete = vendor.count_down(cursor, _key(cursor, batch_id), counts)
        if on_complete is not None:
            yield batch_id, json.loads(on_complete)


def count_up(cursor: CursorWrapper, rows: Iterable[TaskRow]) -> None:
    """Count tasks as pending again that had finished and are about to run once more.

    Call it in the transaction that makes them READY, with the rows as they were before. A batch
    that is complete is left alone.
    """
    for batch_id, (number, failed) in _tallied((row.batch_id, row.status) for row in rows):
        cursor.execute(COUNT_UP, [number, failed, failed, _key(cursor, batch_id)])


def _tallied(
    ended: Iterable[tuple[UUID | None, str]],
) -> Iterator[tuple[UUID, tuple[int, int]]]:
    tallies: dict[UUID, tuple[int, int]] = {}
    for batch_id, status in ended:
        if batch_id is not None:
            number, failed = tallies.get(batch_id, (0, 0))
            tallies[batch_id] = number + 1, failed + (status == FAILED)
    # In one order everywhere: two that count the same batches must not want them crosswise.
    yield from sorted(tallies.items())


def _key(cursor: CursorWrapper, batch_id: UUID) -> Any:
    return BatchRow._meta.pk.get_db_prep_value(batch_id, cursor.db)

"""What running tasks say of their progress, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from bridge.ledger.vendors.verbs import Report

REPORT = """
    UPDATE bridge_task AS task SET progress = held.progress
    FROM (
        SELECT task.id, report.progress::jsonb
        FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::text[])
            AS report(id, worker, token, progress)
        JOIN bridge_task AS task
            ON task.id = report.id AND task.worker = report.worker AND task.token = report.token
        FOR UPDATE OF task SKIP LOCKED
    ) AS held
    WHERE task.id = held.id
    RETURNING task.id"""


def report(cursor: CursorWrapper, reports: Sequence[Report]) -> set[UUID]:
    """Write all in one statement; it waits for nobody."""
    cursor.execute(REPORT, [list(column) for column in zip(*reports, strict=True)])
    return {key for (key,) in cursor.fetchall()}

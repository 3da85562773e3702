"""READY -> RUNNING on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from bridge.ledger.columns import columns, decode
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.verbs import Claim

# Moves the rows of `due`.
STARTED = f"""
    taken AS (
        UPDATE bridge_task AS task
        SET status = 'RUNNING', worker = %s, token = token + 1,
            worker_ids = worker_ids || to_jsonb(%s::text),
            started_at = coalesce(started_at, statement_timestamp()),
            last_attempted_at = statement_timestamp()
        FROM due WHERE task.id = due.id
        RETURNING {columns("task.")}
    )"""

# Queue by queue, so that each is read along the index and nothing is sorted; MATERIALIZED, so that
# the rows are picked once, whatever plan joins them. Whether a queue is paused is asked once.
TAKEN = f"""
    due AS MATERIALIZED (
        SELECT first.id
        FROM unnest(%s::text[]) AS queue(name)
        CROSS JOIN LATERAL (
            SELECT id, priority FROM bridge_task
            WHERE transport = %s AND queue_name = queue.name
                AND status = 'READY' AND wake_at IS NULL AND lane IS NULL
                AND NOT EXISTS (
                    SELECT FROM bridge_pause WHERE transport = %s AND queue_name = queue.name
                )
            ORDER BY priority DESC, id
            LIMIT %s::int
            FOR UPDATE SKIP LOCKED
        ) AS first
        ORDER BY first.priority DESC, first.id
        LIMIT %s::int
    ),
    {STARTED}"""

CLAIM = f"WITH {TAKEN} SELECT * FROM taken"

TAKE = f"""
    WITH due AS MATERIALIZED (
        SELECT id FROM bridge_task
        WHERE id = ANY(%s::uuid[]) AND status = 'READY' AND wake_at IS NULL
        FOR UPDATE SKIP LOCKED
    ),
    {STARTED}
    SELECT * FROM taken"""


def claim(cursor: CursorWrapper, claim: Claim) -> list[TaskRow]:
    """Claim in one statement."""
    cursor.execute(CLAIM, parameters_of_claim(claim))
    return decode(cursor.db, cursor.fetchall())


def take(cursor: CursorWrapper, claim: Claim, ids: Sequence[UUID]) -> list[TaskRow]:
    """Take rows out of their lanes in one statement."""
    cursor.execute(TAKE, [list(ids), claim.worker, claim.worker_id])
    return decode(cursor.db, cursor.fetchall())


def parameters_of_claim(claim: Claim) -> list[Any]:
    """Return the parameters of TAKEN."""
    return [
        list(claim.queues),
        claim.transport,
        claim.transport,
        claim.limit,
        claim.limit,
        claim.worker,
        claim.worker_id,
    ]

"""READY -> RUNNING on PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.db.backends.utils import CursorWrapper

from bridge.ledger.columns import columns, decode
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.verbs import Claim

# Queue by queue, so that each is read along the index and nothing is sorted; MATERIALIZED, so that
# the rows are picked once, whatever plan joins them.
TAKEN = f"""
    due AS MATERIALIZED (
        SELECT first.id
        FROM unnest(%s::text[]) AS queue(name)
        CROSS JOIN LATERAL (
            SELECT id, priority FROM bridge_task
            WHERE transport = %s AND queue_name = queue.name
                AND status = 'READY' AND wake_at IS NULL
            ORDER BY priority DESC, id
            LIMIT %s::int
            FOR UPDATE SKIP LOCKED
        ) AS first
        ORDER BY first.priority DESC, first.id
        LIMIT %s::int
    ),
    taken AS (
        UPDATE bridge_task AS task
        SET status = 'RUNNING', worker = %s, token = token + 1,
            worker_ids = worker_ids || to_jsonb(%s::text),
            started_at = coalesce(started_at, statement_timestamp()),
            last_attempted_at = statement_timestamp()
        FROM due WHERE task.id = due.id
        RETURNING {columns("task.")}
    )"""

CLAIM = f"WITH {TAKEN} SELECT * FROM taken"


def claim(cursor: CursorWrapper, claim: Claim) -> list[TaskRow]:
    """Claim in one statement."""
    cursor.execute(CLAIM, parameters_of_claim(claim))
    return decode(cursor.db, cursor.fetchall())


def parameters_of_claim(claim: Claim) -> list[Any]:
    """Return the parameters of TAKEN."""
    return [
        list(claim.queues),
        claim.transport,
        claim.limit,
        claim.limit,
        claim.worker,
        claim.worker_id,
    ]

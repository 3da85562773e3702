"""Out of RUNNING on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from bridge.ledger.ending import Ending
from bridge.ledger.vendors.verbs import Left

# The parameters are one array per column: the statement stays the same for any number of rows.
# Only a RUNNING row has a worker. Saying so again would make the planner read the index of the
# RUNNING rows, which is full of those that were, instead of fetching each row by its id.
_GONE = """
    gone AS (
        UPDATE bridge_task AS task
        SET status = ending.status,
            worker = NULL,
            return_value = ending.value::jsonb,
            errors = coalesce(ending.errors::jsonb, task.errors),
            worker_ids = coalesce(ending.worker_ids::jsonb, task.worker_ids),
            losses = ending.losses,
            started_at = ending.started_at,
            last_attempted_at = ending.last_attempted_at,
            finished_at = CASE WHEN ending.status = 'READY' THEN NULL
                ELSE statement_timestamp() END,
            run_after = coalesce(
                statement_timestamp() + make_interval(secs => ending.delay), task.run_after),
            wake_at = CASE WHEN ending.delay > 0 AND task.cancel_requested_at IS NULL
                THEN statement_timestamp() + make_interval(secs => ending.delay) END,
            progress = CASE WHEN ending.status <> 'READY'
                THEN coalesce(ending.progress::jsonb, task.progress) END,
            published_at = CASE WHEN ending.spent THEN NULL ELSE task.published_at END
        FROM {source}
        WHERE task.id = ending.id AND task.worker = ending.worker AND task.token = ending.token
        RETURNING task.id
    )"""

_ENDINGS = """
    unnest(
        %s::uuid[], %s::text[], %s::int[], %s::text[], %s::int[], %s::timestamptz[],
        %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::float8[],
        %s::bool[]
    ) AS ending(id, worker, token, status, losses, started_at,
        last_attempted_at, value, errors, worker_ids, progress, delay, spent)"""

GONE = _GONE.format(source=_ENDINGS)

# Every row is locked, and then written: that costs more.
GONE_FREE = f"""
    ending AS MATERIALIZED (SELECT * FROM {_ENDINGS}),
    free AS MATERIALIZED (
        SELECT task.id FROM ending JOIN bridge_task AS task USING (id)
        FOR UPDATE OF task SKIP LOCKED
    ),
    {_GONE.format(source="ending JOIN free USING (id)")}"""

_LEFT = "SELECT array_agg(id), statement_timestamp() FROM gone"
LEAVE = f"WITH {GONE} {_LEFT}"
LEAVE_FREE = f"WITH {GONE_FREE} {_LEFT}"


def leave(cursor: CursorWrapper, endings: Sequence[Ending], *, skip_locked: bool = False) -> Left:
    """Write the endings in one statement."""
    cursor.execute(LEAVE_FREE if skip_locked else LEAVE, parameters_of_endings(endings))
    ids, at = cursor.fetchone()
    return Left(frozenset(ids or ()), at)


def parameters_of_endings(endings: Sequence[Ending]) -> list[Any]:
    """Return the parameters of GONE, and of GONE_FREE.

    In the order in which they lock rows, as cancel() does: two that want the same ones must not
    want them crosswise.
    """
    endings = sorted(endings, key=lambda ending: ending.id.int)
    return [
        [ending.id for ending in endings],
        [ending.worker for ending in endings],
        [ending.token for ending in endings],
        [ending.status.value for ending in endings],
        [ending.losses for ending in endings],
        [ending.started_at for ending in endings],
        [ending.last_attempted_at for ending in endings],
        [ending.value for ending in endings],
        [ending.errors for ending in endings],
        [ending.worker_ids for ending in endings],
        [ending.progress for ending in endings],
        [ending.delay for ending in endings],
        [ending.spent for ending in endings],
    ]

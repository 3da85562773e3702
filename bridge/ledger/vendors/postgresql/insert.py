"""New rows on PostgreSQL."""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper

from bridge.ledger.batch import COLUMNS, STARTS, Batch
from bridge.ledger.vendors.postgresql.line import CHANNEL

_SHARED = "%s, %s, %s, %s, %s, %s, %s::timestamptz, %s::timestamptz, %s::timestamptz"

ONE = f"""
    INSERT INTO bridge_task ({COLUMNS})
    VALUES ({_SHARED}, %s::uuid, %s::jsonb, %s::jsonb, {STARTS})"""

# One JSON document of [id, args, kwargs] per row is the cheapest thing to send: the driver quotes
# one text, and no array of texts. Nearly as fast as COPY, which PgBouncer and mocks know less of.
MANY = f"""
    INSERT INTO bridge_task ({COLUMNS})
    SELECT {_SHARED}, (own->>0)::uuid, own->1, own->2, {STARTS}
    FROM jsonb_array_elements(%s::jsonb) AS own"""

# The same round trip tells the workers.
_NOTIFY = f"WITH written AS ({{}}) SELECT pg_notify('{CHANNEL}', %s)"
ONE_AND_NOTIFY = _NOTIFY.format(ONE)
MANY_AND_NOTIFY = _NOTIFY.format(MANY)


def insert(cursor: CursorWrapper, batch: Batch, *, notify: bool = False) -> None:
    """Write a batch, and wake idle workers, in one statement."""
    parameters = batch.shared(cursor.db)
    if len(batch.items) == 1:
        parameters += batch.items[0]
        statement = ONE_AND_NOTIFY if notify else ONE
    else:
        parameters.append(_document(batch))
        statement = MANY_AND_NOTIFY if notify else MANY
    cursor.execute(statement, [*parameters, batch.queue_name] if notify else parameters)


def _document(batch: Batch) -> str:
    rows = [f'["{item.id}",{item.args},{item.kwargs}]' for item in batch.items]
    return f"[{','.join(rows)}]"

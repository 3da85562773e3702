"""New rows on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from bridge.ledger.models import TaskRow
from bridge.ledger.new_rows import COLUMNS, STARTS, NewRows
from bridge.ledger.vendors.postgresql.line import CHANNEL

_SHARED = "%s, %s, %s, %s, %s, %s, %s::timestamptz, %s::timestamptz, %s::timestamptz, %s::uuid"

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


def insert(cursor: CursorWrapper, new: NewRows, *, notify: bool = False) -> None:
    """Write a new, and wake idle workers, in one statement."""
    parameters = new.shared(cursor.db)
    if len(new.items) == 1:
        parameters += new.items[0]
        statement = ONE_AND_NOTIFY if notify else ONE
    else:
        parameters.append(_document(new))
        statement = MANY_AND_NOTIFY if notify else MANY
    cursor.execute(statement, [*parameters, new.queue_name] if notify else parameters)


def insert_unless_there(
    cursor: CursorWrapper, statement: str, parameters: Sequence[Any], unique_key: str
) -> TaskRow | None:
    """Insert in one statement."""
    cursor.execute(f"{statement} ON CONFLICT DO NOTHING", parameters)
    return None


def check_size(cursor: CursorWrapper, texts: Iterable[str]) -> None:
    """Do nothing: the server says so itself."""


def ring(cursor: CursorWrapper, queue: str) -> None:
    """Notify in a statement of its own."""
    cursor.execute(f"SELECT pg_notify('{CHANNEL}', %s)", [queue])


def _document(new: NewRows) -> str:
    rows = [f'["{item.id}",{item.args},{item.kwargs}]' for item in new.items]
    return f"[{','.join(rows)}]"

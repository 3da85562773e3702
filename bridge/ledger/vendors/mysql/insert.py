"""New rows on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from django.db import IntegrityError, OperationalError
from django.db.backends.utils import CursorWrapper

from bridge.ledger.columns import columns, decode
from bridge.ledger.models import TaskRow
from bridge.ledger.new_rows import COLUMNS, VALUES, NewRows
from bridge.ledger.vendors.mysql.packet import refuse_what_is_too_large

INSERT = f"INSERT INTO bridge_task ({COLUMNS}) VALUES "

# Under REPEATABLE READ a plain SELECT sees what was there when the transaction began.
HOLDER = f"""
    SELECT {columns()} FROM bridge_task FORCE INDEX (bridge_task_unique)
    WHERE active_key = %s LOCK IN SHARE MODE"""

DUPLICATE = 1062
"""What the server calls a unique key that is taken."""

LOCKED = 1205
"""And a lock for which it has waited long enough."""


def insert(cursor: CursorWrapper, new: NewRows, *, notify: bool = False) -> None:
    """Write a new in one statement; workers poll, since there is nothing to notify them."""
    rows = new.rows(cursor.db)
    cursor.execute(INSERT + ", ".join([VALUES] * len(rows)), list(chain.from_iterable(rows)))


def insert_unless_there(
    cursor: CursorWrapper, statement: str, parameters: Sequence[Any], unique_key: str
) -> TaskRow | None:
    """Insert while nobody else is at the same key.

    Two that wait for a third to write it would share a lock, and neither could go on.
    """
    name = f"bridge_{unique_key}"
    cursor.execute("SELECT GET_LOCK(%s, @@innodb_lock_wait_timeout)", [name])
    ((got,),) = cursor.fetchall()
    if not got:
        raise OperationalError(
            LOCKED,
            f"The unique key {unique_key!r} is being written by a transaction that stays open. "
            "Enqueue unique tasks near the end of a transaction.",
        )
    try:
        cursor.execute(statement, parameters)
    except IntegrityError as error:
        if error.args[0] != DUPLICATE:
            raise
        cursor.execute(HOLDER, [unique_key])
        return next(iter(decode(cursor.db, cursor.fetchall())), None)
    finally:
        cursor.execute("SELECT RELEASE_LOCK(%s)", [name])
        cursor.fetchall()
    return None


def check_size(cursor: CursorWrapper, texts: Iterable[str]) -> None:
    """Ask the server how much it takes."""
    refuse_what_is_too_large(cursor, texts, "The arguments of a task are")


def ring(cursor: CursorWrapper, queue: str) -> None:
    """Do nothing: workers look by themselves."""

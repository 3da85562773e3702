"""New rows whose unique_key may be taken, on any connection to any vendor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import Q
from django.utils import timezone

from bridge.ledger.columns import read
from bridge.ledger.inserting import insert_statements
from bridge.ledger.models import READY, RUNNING, TaskRow

if TYPE_CHECKING:
    from bridge.ledger.vendors.verbs import Vendor

T = TypeVar("T")

ACTIVE = Q(status__in=[READY, RUNNING])
"""The rows among which a unique_key is there once."""


DEADLOCK = 1213
"""What MySQL says to a transaction that it has rolled back for the sake of another."""

TRIES = 20


def despite_deadlocks(connection: BaseDatabaseWrapper, action: Callable[[], T]) -> T:
    """Repeat a transaction that MySQL has rolled back; one inside the caller's is the caller's.

    Its check of a unique key locks what was there before, and the end of a task wants that lock.
    """
    for tries in range(1, TRIES + 1):
        try:
            return action()
        except OperationalError as error:
            if error.args[:1] != (DEADLOCK,) or connection.in_atomic_block or tries == TRIES:
                raise
    raise AssertionError("unreachable")


def insert_unique(cursor: CursorWrapper, vendor: Vendor, row: TaskRow) -> TaskRow:
    """Write a row unless its unique_key is taken; return the row that has it.

    Call it in a transaction. Whoever is writing the same key is waited for.
    """
    assert row.unique_key is not None
    now = timezone.now()
    (statement,) = insert_statements(cursor.db, [row])
    while (kept := _holder(cursor, row, now)) is None:
        kept = vendor.insert_unless_there(cursor, *statement, row.unique_key)
        if kept is not None:
            return kept
        if read(cursor, TaskRow.objects.filter(id=row.id)):
            break
    else:
        return kept
    # One that was written, and finished, since the first look keeps its key for a while.
    if row.unique_until is not None and (kept := _holder(cursor, row, now)) is not None:
        _delete(cursor, row)
        return kept
    return row


def _holder(cursor: CursorWrapper, row: TaskRow, now: datetime) -> TaskRow | None:
    others = TaskRow.objects.filter(ACTIVE | Q(unique_until__gt=now), unique_key=row.unique_key)
    found = read(cursor, others.exclude(id=row.id).order_by("id")[:1])
    return found[0] if found else None


def _delete(cursor: CursorWrapper, row: TaskRow) -> None:
    key = TaskRow._meta.pk.get_db_prep_value(row.id, cursor.db)
    cursor.execute("DELETE FROM bridge_task WHERE id = %s", [key])

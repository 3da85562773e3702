"""How long MySQL and MariaDB wait for what others have locked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.utils import CursorWrapper


@contextmanager
def patience(cursor: CursorWrapper, seconds: float) -> Iterator[None]:
    """Set it for the connection, in whole seconds, and set it back."""
    cursor.execute("SELECT @@innodb_lock_wait_timeout")
    ((before,),) = cursor.fetchall()
    _set(cursor, math.ceil(seconds))
    try:
        yield
    finally:
        _set(cursor, before)


def _set(cursor: CursorWrapper, seconds: int) -> None:
    cursor.execute("SET SESSION innodb_lock_wait_timeout = %s", [seconds])

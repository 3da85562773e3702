"""How long PostgreSQL waits for what others have locked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.utils import CursorWrapper


@contextmanager
def patience(cursor: CursorWrapper, seconds: float) -> Iterator[None]:
    """Set it for the open transaction, which forgets it at its end."""
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{round(seconds * 1000)}ms"])
    yield

"""How long SQLite waits for what others have locked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.utils import CursorWrapper


@contextmanager
def patience(cursor: CursorWrapper, seconds: float) -> Iterator[None]:
    """Do nothing: the whole file is locked or is not, and DATABASES says how long that matters."""
    yield

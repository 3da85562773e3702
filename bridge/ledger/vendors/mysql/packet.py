"""What is too large to be sent to MySQL or MariaDB."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import DataError
from django.db.backends.utils import CursorWrapper

OVERHEAD = 1 << 19
"""No statement has more characters beside its texts."""


def refuse_what_is_too_large(cursor: CursorWrapper, texts: Iterable[str], what: str) -> None:
    """Raise DataError for texts that the server takes in no statement.

    It may hang up on them before it says why, and look like one that is away.
    """
    cursor.execute("SELECT @@max_allowed_packet")
    ((most,),) = cursor.fetchall()
    escaped = sum(len(text.encode()) + text.count('"') + text.count("\\") for text in texts)
    if escaped + OVERHEAD > most:
        raise DataError(f"{what} larger than max_allowed_packet.")

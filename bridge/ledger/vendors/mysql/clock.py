"""The time by the database's clock. Only UTC is the same in every session and never jumps."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

CLOCK = "UTC_TIMESTAMP(6)"


def now(cursor: CursorWrapper) -> dt.datetime:
    """Return the time, as Django's now() would give it."""
    cursor.execute(f"SELECT {CLOCK}")
    (record,) = cursor.fetchall()
    return localized(record[0])


def localized(clock: dt.datetime) -> dt.datetime:
    """Return what CLOCK gave in the form of Django's now(): naive local time without USE_TZ."""
    at = clock.replace(tzinfo=dt.UTC)
    return at if settings.USE_TZ else timezone.make_naive(at, timezone.get_default_timezone())

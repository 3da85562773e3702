"""When a task is too late to start."""

from __future__ import annotations

from datetime import datetime, timedelta

from bridge.exceptions import TaskExpired
from bridge.retry import like
from bridge.seconds import seconds


def expiry(expires: float | timedelta | datetime | None, now: datetime) -> datetime | None:
    """Return the time after which a task that is enqueued now is not started."""
    if expires is None:
        return None
    if isinstance(expires, datetime):
        return like(expires, now)
    return now + timedelta(seconds=seconds(expires))


def expired(at: datetime) -> TaskExpired:
    """Return why a task is not started after this time."""
    return TaskExpired(f"The task was to start before {at.isoformat()}.")

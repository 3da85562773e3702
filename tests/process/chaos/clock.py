"""A machine whose clock is wrong, for one process and what it forks."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.utils import timezone


def shift(seconds: float) -> None:
    """Make the time of day wrong by some seconds from now on; monotonic time stays right."""
    if not seconds:
        return
    true_time, true_time_ns, true_now = time.time, time.time_ns, timezone.now

    def now() -> datetime:
        return true_now() + timedelta(seconds=seconds)

    time.time = lambda: true_time() + seconds
    time.time_ns = lambda: true_time_ns() + int(seconds * 1e9)
    timezone.now = now

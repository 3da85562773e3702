"""How long something takes: seconds, or a timedelta."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any


def seconds(value: float | timedelta) -> float:
    """Return a duration in seconds."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def checked(what: str, value: Any, *, least: float = 0.0) -> float:
    """Return a duration in seconds. Raise ValueError for anything that is not a finite one."""
    length = math.nan
    if isinstance(value, (int, float, timedelta)) and not isinstance(value, bool):
        try:
            length = seconds(value)
        except OverflowError:  # a whole number that no float can hold
            length = math.inf
    if math.isfinite(length) and length >= least:
        return length
    raise ValueError(
        f"{what} must be 0 or more seconds, as a number or a timedelta, not {value!r:.200}."
    )


def remaining(what: str, value: Any) -> float:
    """Return as checked() does how long is left; when the time has passed that is 0."""
    return max(0.0, checked(what, value, least=-math.inf))


LONGEST = timedelta(days=36525).total_seconds()
"""A hundred years: nobody waits for more, and times that far ahead can be stored."""


def is_duration(value: object) -> bool:
    """Say whether a value is a number of seconds, or a timedelta, over 0 and up to LONGEST."""
    if isinstance(value, bool) or not isinstance(value, (int, float, timedelta)):
        return False
    return 0 < seconds(value) <= LONGEST

"""How long something lasts, as people write it: "90s", "15m", "12h", "7d", "1d12h"."""

from __future__ import annotations

import re
from datetime import timedelta

RULE = "a number and a unit, s, m, h, d or w, as in '12h' or '1d12h'"
_PARTS = re.compile(r"(?:\d+[smhdw])+")
_PART = re.compile(r"(\d+)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def duration(value: str | timedelta) -> timedelta:
    """Return a duration. Raise ValueError for a text that is none, and for one below 0."""
    if isinstance(value, str):
        if not _PARTS.fullmatch(value):
            raise ValueError(f"A duration is {RULE}, not {value!r}.")
        parts = _PART.findall(value)
        try:
            return timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in parts))
        except OverflowError as error:
            raise ValueError(f"A duration is not that long: {value!r}.") from error
    if value < timedelta(0):
        raise ValueError(f"A duration is not below 0: {value!r}.")
    return value

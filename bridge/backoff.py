"""How long to wait between two attempts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bridge.seconds import checked, seconds

LONGEST_WAIT = 366 * 86400.0
"""Seconds; a wait that doubles stops there."""

Backoff = Callable[[int], float | timedelta]
"""Delay (seconds, or a timedelta) after the given attempt, counted from 1."""


@dataclass(frozen=True, slots=True)
class fixed:  # noqa: N801
    """Wait the same time after every attempt, seconds or a timedelta."""

    seconds: float | timedelta

    def __post_init__(self) -> None:
        checked("What fixed() waits", self.seconds)

    def __call__(self, attempt: int) -> float:
        return seconds(self.seconds)


@dataclass(frozen=True, slots=True)
class exponential:  # noqa: N801
    """Wait `factor`, seconds or a timedelta, and twice as long after each further attempt.

    No wait is longer than a year.
    """

    factor: float | timedelta = 1

    def __post_init__(self) -> None:
        checked("What exponential() begins with", self.factor)

    def __call__(self, attempt: int) -> float:
        # 2.0 ** 1024 overflows.
        return min(seconds(self.factor) * 2.0 ** min(attempt - 1, 63), LONGEST_WAIT)


def backoff_of(value: Any) -> Backoff | None:
    """Return a backoff, None for None. Raise TypeError for what is none."""
    if value is exponential:
        return exponential()
    if value is fixed:
        raise TypeError("backoff=fixed does not say how long to wait. Write backoff=fixed(60).")
    if value is not None and not callable(value):
        raise TypeError(
            "backoff must be exponential, fixed(seconds), or a function of the number of the "
            f"attempt, not {value!r}. Write backoff=fixed(60), for example."
        )
    backoff: Backoff | None = value
    return backoff

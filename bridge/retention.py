"""For how long a task that has finished is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bridge.durations import duration

STATES = ("SUCCESSFUL", "FAILED")
RULE = (
    "a dict of SUCCESSFUL and FAILED (or one of them), each a timedelta, a text such as '7d' or "
    "'12h', or None to keep them for ever"
)


@dataclass(frozen=True, slots=True)
class Retention:
    """The least age at which a finished task may be deleted, by its state; None for never."""

    successful: timedelta | None = None
    failed: timedelta | None = None

    def by_state(self) -> dict[str, timedelta]:
        """Return the ages of those states whose tasks are not kept for ever."""
        ages = zip(STATES, (self.successful, self.failed), strict=True)
        return {state: age for state, age in ages if age is not None}


def retention_of(setting: object) -> Retention:
    """Return what the setting RETENTION says. Raise ValueError for one that says nothing."""
    if setting is None:
        return Retention()
    if not isinstance(setting, Mapping) or not setting.keys() <= set(STATES):
        raise ValueError(f"RETENTION is {RULE}, not {setting!r}.")
    return Retention(*(_age(setting.get(state)) for state in STATES))


def is_retention(setting: object) -> bool:
    """Say whether this can be the setting RETENTION; None is, and keeps all."""
    if setting is None:
        return True
    try:
        retention_of(setting)
    except ValueError:
        return False
    return True


def _age(value: Any) -> timedelta | None:
    if value is not None and not isinstance(value, (str, timedelta)):
        raise ValueError(f"An age is a timedelta or a text such as '7d', not {value!r}.")
    return None if value is None else duration(value)

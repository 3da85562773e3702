"""One task at a time for what is the same work: enqueueing it again returns the one there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.interface import AnyTask
from bridge.keys import Key, bind, digest, value_of
from bridge.seconds import is_duration, seconds


@dataclass(frozen=True, slots=True)
class Unique:
    """Say which calls of a task are the same, and for how long.

    Calls with the same arguments are, or those with the same `key`; a key of None is like no
    other. The first one counts until it is finished and, with `period` (seconds or a timedelta
    from its enqueueing), at least so long.
    """

    key: Key | None = None
    period: float | timedelta | None = None

    def __post_init__(self) -> None:
        if self.period is not None and not is_duration(self.period):
            raise ValueError(
                f"period of Unique must be more than 0 seconds and at most 100 years, not "
                f"{self.period!r}. Leave it out to be unique until the task is finished."
            )

    def key_of(self, task: AnyTask, args: Any, kwargs: Any) -> str | None:
        """Return what the same calls share, None for a call that is like no other."""
        if self.key is None:
            value = bind(task, args, kwargs)
        else:
            value = value_of(self.key, task, args, kwargs)
            if value is None:
                return None
        return digest("unique", task.module_path, _ordered(value))

    def until(self, now: datetime) -> datetime | None:
        """Return up to when the key is kept even if the task is finished earlier."""
        return None if self.period is None else now + timedelta(seconds=seconds(self.period))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return [[name, _ordered(value[name])] for name in sorted(value, key=str)]
    if isinstance(value, (list, tuple)):
        return [_ordered(each) for each in value]
    return value

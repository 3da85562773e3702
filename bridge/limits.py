"""How many tasks may run at a time, or start in a while, over all workers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bridge.interface import AnyTask
from bridge.keys import Key, digest, value_of

_RATE = re.compile(r"(\d+)/(\d*)([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Let at most `limit` tasks of the same key run at a time.

    Without a key all calls of the task share one; a call whose key is None is not limited. Tasks
    of the same `scope` share their keys.
    """

    limit: int
    key: Key | None = None
    scope: str | None = None

    def __post_init__(self) -> None:
        if type(self.limit) is not int or self.limit < 1:
            raise ValueError(
                f"limit of Concurrency is how many tasks may run at a time, a whole number of at "
                f"least 1, not {self.limit!r}."
            )

    def key_of(self, task: AnyTask, args: Any, kwargs: Any) -> str | None:
        """Return what the calls share that are limited together."""
        return _key("concurrency", self.scope, self.key, task, args, kwargs)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Let at most so many tasks of the same key start in any period of that length.

    `rate` is a number and a period: "10/s", "100/m", "1000/h", "5/d", or "10/30s" for ten in
    thirty seconds. Keys and scopes are those of Concurrency.
    """

    rate: str
    key: Key | None = None
    scope: str | None = None

    def __post_init__(self) -> None:
        match = _RATE.fullmatch(self.rate) if isinstance(self.rate, str) else None
        if match is None or int(match[1]) < 1 or match[2] == "0":
            raise ValueError(
                f"rate of RateLimit is a number of starts and a period, such as '10/s', '100/m', "
                f"'1000/h', '5/d' or '10/30s', not {self.rate!r}."
            )

    @property
    def count(self) -> int:
        """Return how many tasks may start in one period."""
        return int(self.rate.partition("/")[0])

    @property
    def period(self) -> int:
        """Return the length of a period in seconds."""
        text = self.rate.partition("/")[2]
        return int(text[:-1] or 1) * _UNITS[text[-1]]

    def key_of(self, task: AnyTask, args: Any, kwargs: Any) -> str | None:
        """Return what the calls share that are limited together."""
        return _key("rate", self.scope, self.key, task, args, kwargs)


def _key(
    kind: str, scope: str | None, key: Key | None, task: AnyTask, args: Any, kwargs: Any
) -> str | None:
    value = None
    if key is not None:
        value = value_of(key, task, args, kwargs)
        if value is None:
            return None
    return digest(kind, scope or task.module_path, value)


Limits = dict[str, list[Any]]
"""What the ledger keeps: "concurrency": [key, limit], "rate": [key, count, period in seconds]."""


def limits_of(task: AnyTask, args: Any, kwargs: Any) -> Limits | None:
    """Return the limits that one call is under, None for a call without."""
    limits: Limits = {}
    concurrency: Concurrency | None = getattr(task, "concurrency", None)
    if concurrency and (key := concurrency.key_of(task, args, kwargs)):
        limits["concurrency"] = [key, concurrency.limit]
    rate: RateLimit | None = getattr(task, "rate_limit", None)
    if rate and (key := rate.key_of(task, args, kwargs)):
        limits["rate"] = [key, rate.count, rate.period]
    return limits or None


def lane_of(limits: Limits | None, queue_name: str) -> str | None:
    """Return what the rows of a queue share that wait for the same limits.

    Of one queue, because a worker serves a queue or does not, and a queue can be paused.
    """
    if limits is None:
        return None
    return digest(queue_name, *(limits[kind][0] for kind in sorted(limits)))

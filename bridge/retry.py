"""When a task runs again: a policy on the task, or a request raised from its body. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import EllipsisType
from typing import Any

from django.utils import timezone

from bridge.exceptions import MaxAttemptsExceeded

DEFAULT_MAX_ATTEMPTS = 3

Backoff = Callable[[int], float | timedelta]
"""Delay (seconds, or a timedelta) after the given attempt, counted from 1."""

Exceptions = tuple[type[BaseException], ...]


@dataclass(frozen=True, slots=True)
class fixed:  # noqa: N801
    """Wait the same number of seconds after every attempt."""

    seconds: float

    def __call__(self, attempt: int) -> float:
        return self.seconds


@dataclass(frozen=True, slots=True)
class exponential:  # noqa: N801
    """Wait factor seconds after the first attempt and twice as long after each further one."""

    factor: float = 1

    def __call__(self, attempt: int) -> float:
        # 2.0 ** 1024 overflows; nobody waits for 2 ** 63 seconds either.
        return float(self.factor * 2.0 ** min(attempt - 1, 63))


class Retry(Exception):
    """Say when a task runs again.

    On a task (`@task(retry=Retry(...))`) it is the policy. Raised from a body
    (`raise Retry(delay=60) from error`) it asks for another attempt now, and what it leaves open
    the policy decides. `max_attempts` counts every run, None means no bound. `delay` and
    `max_delay` are seconds or a timedelta, `at` is a datetime.
    """

    def __init__(
        self,
        *,
        max_attempts: int | EllipsisType | None = ...,
        on: type[BaseException] | Exceptions = (Exception,),
        never_on: type[BaseException] | Exceptions = (),
        backoff: Backoff | None = None,
        max_delay: float | timedelta | None = None,
        jitter: bool = False,
        delay: float | timedelta | None = None,
        at: datetime | None = None,
    ) -> None:
        if isinstance(max_attempts, int) and max_attempts < 1:
            raise ValueError(
                f"max_attempts counts every run and must be at least 1, not {max_attempts!r}."
            )
        if delay is not None and at is not None:
            raise ValueError("Give either delay or at, not both.")
        super().__init__("Another attempt was requested.")
        self.max_attempts = max_attempts
        self.on = on if isinstance(on, tuple) else (on,)
        self.never_on = never_on if isinstance(never_on, tuple) else (never_on,)
        self.backoff = backoff
        self.max_delay = None if max_delay is None else seconds(max_delay)
        self.jitter = jitter
        self.delay = None if delay is None else seconds(delay)
        self.at = at

    def _fields(self) -> dict[str, Any]:
        names = ["max_attempts", "on", "never_on", "backoff", "max_delay", "jitter", "delay", "at"]
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return f"Retry({', '.join(f'{name}={value!r}' for name, value in self._fields().items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Retry) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(tuple(self._fields().values()))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self._fields(),)

    @property
    def limit(self) -> int | None:
        """Return how often the task may run in all, None for no bound."""
        return DEFAULT_MAX_ATTEMPTS if self.max_attempts is ... else self.max_attempts

    def wait(self, attempt: int) -> float:
        """Return the seconds to wait after this attempt, jitter included."""
        delay = seconds((self.backoff or exponential())(attempt))
        if self.max_delay is not None:
            delay = min(delay, self.max_delay)
        return random.uniform(0, delay) if self.jitter else delay


def _rebuild(fields: dict[str, Any]) -> Retry:
    return Retry(**fields)


def seconds(value: float | timedelta) -> float:
    """Return a duration in seconds."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def like(at: datetime, now: datetime) -> datetime:
    """Return a time as aware, or as naive, as now: naive times are in the current time zone."""
    if timezone.is_naive(at) and timezone.is_aware(now):
        return timezone.make_aware(at)
    if timezone.is_aware(at) and timezone.is_naive(now):
        return timezone.make_naive(at)
    return at


def next_delay(
    policy: Retry | None, attempt: int, error: BaseException, now: datetime
) -> float | None:
    """Return the seconds until the next attempt, None when this one was the last."""
    if isinstance(error, Retry):
        policy = policy or Retry(on=())
        limit = policy.limit if error.max_attempts is ... else error.max_attempts
        if limit is not None and attempt >= limit:
            return None
        if error.at is not None:
            return max(0.0, (like(error.at, now) - now).total_seconds())
        if error.delay is not None:
            return max(0.0, error.delay)
        return (error if error.backoff else policy).wait(attempt)
    if policy is None or isinstance(error, policy.never_on) or not isinstance(error, policy.on):
        return None
    if policy.limit is not None and attempt >= policy.limit:
        return None
    return policy.wait(attempt)


def reported(error: BaseException, *, final: bool) -> BaseException:
    """Return the exception a person should see: a retry request stands for what caused it."""
    if not isinstance(error, Retry):
        return error
    cause = error.__cause__ or error.__context__
    if cause is None and final:
        return MaxAttemptsExceeded("The task asked for another attempt and had none left.")
    return cause or error

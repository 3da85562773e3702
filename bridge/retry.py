"""When a task runs again: a policy on the task, or a request raised from its body. Pure."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from types import EllipsisType
from typing import Any, TypeVar

from django.utils import timezone

from bridge.backoff import Backoff, backoff_of, exponential
from bridge.exceptions import MaxAttemptsExceeded
from bridge.seconds import checked, remaining

DEFAULT_MAX_ATTEMPTS = 3

T = TypeVar("T")
Exceptions = tuple[type[BaseException], ...]


class Retry(Exception):
    """Say when a task runs again.

    On a task (`@task(retry=Retry(...))`) it is the policy. Raised from a body
    (`raise Retry(delay=60) from error`) it asks for another attempt now, and what it leaves open
    the policy decides. `max_attempts` counts every run, None means no bound. `delay` and
    `max_delay` are seconds or a timedelta, `at` is a datetime. `jitter` waits anything from 0 to
    what it would wait without. Raise TypeError or ValueError for what nobody could follow.
    """

    def __init__(
        self,
        *,
        max_attempts: int | EllipsisType | None = ...,
        on: type[BaseException] | Exceptions = (Exception,),
        never_on: type[BaseException] | Exceptions = (),
        backoff: Backoff | type[exponential] | None = None,
        max_delay: float | timedelta | None = None,
        jitter: bool = False,
        delay: float | timedelta | None = None,
        at: datetime | None = None,
    ) -> None:
        if delay is not None and at is not None:
            raise ValueError("Give either delay or at, not both.")
        super().__init__("Another attempt was requested.")
        self.max_attempts = _count(max_attempts)
        self.on = _classes("on", on)
        self.never_on = _classes("never_on", never_on)
        self.backoff = backoff_of(backoff)
        self.max_delay = None if max_delay is None else checked("max_delay", max_delay)
        self.jitter = _of(bool, "jitter", jitter, "True or False")
        self.delay = None if delay is None else remaining("delay", delay)
        self.at = None if at is None else _of(datetime, "at", at, "a datetime")

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
        """Return the seconds to wait after this attempt, jitter included.

        Raise ValueError when the backoff returns something else than a duration.
        """
        value = (self.backoff or exponential())(attempt)
        delay = remaining(f"What backoff={self.backoff!r} returns", value)
        if self.max_delay is not None:
            delay = min(delay, self.max_delay)
        return random.uniform(0, delay) if self.jitter else delay

    def filled_from(self, policy: Retry) -> Retry:
        """Return this request with what it leaves open taken from the task's policy."""
        return Retry(
            backoff=self.backoff or policy.backoff,
            max_delay=policy.max_delay if self.max_delay is None else self.max_delay,
            jitter=self.jitter or policy.jitter,
        )


def _rebuild(fields: dict[str, Any]) -> Retry:
    return Retry(**fields)


def _count(value: Any) -> Any:
    if value is None or value is ... or (type(value) is int and value >= 1):
        return value
    raise ValueError(
        f"max_attempts counts every run and must be a whole number, at least 1, not {value!r}. "
        "None means no bound."
    )


def _classes(name: str, value: Any) -> Exceptions:
    classes: Exceptions = value if isinstance(value, tuple) else (value,)
    if all(isinstance(each, type) and issubclass(each, BaseException) for each in classes):
        return classes
    raise TypeError(
        f"{name} must be an exception class or a tuple of them, not {value!r}. "
        f"Write {name}=ConnectionError, or {name}=(ConnectionError, TimeoutError)."
    )


def _of(kind: type[T], name: str, value: Any, rule: str) -> T:
    if isinstance(value, kind):
        return value
    raise TypeError(f"{name} must be {rule}, not {value!r}.")


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
            return error.delay
        return error.filled_from(policy).wait(attempt)
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

"""The exceptions that code written for Celery names."""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import Any

from bridge import retry
from bridge.exceptions import HardTimeout, MaxAttemptsExceeded, TaskTimeout
from bridge.interface import TaskException

SoftTimeLimitExceeded = TaskTimeout
TimeLimitExceeded = HardTimeout


class Retry(retry.Retry):
    """The task runs again: what `self.retry()` raises."""

    def __init__(
        self,
        message: str | None = None,
        exc: BaseException | None = None,
        when: float | datetime | None = None,
        is_eager: bool = False,
        sig: Any = None,
        **policy: Any,
    ) -> None:
        at = when if isinstance(when, datetime) else None
        delay = None if at is not None else when
        if "delay" not in policy and "at" not in policy:
            policy |= {"at": at} if at is not None else {"delay": delay}
        super().__init__(**policy)
        self.message = message
        self.exc = exc
        self.when = when
        self.is_eager = is_eager
        self.sig = sig

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.message, self.exc, self.when, self._fields())

    def __str__(self) -> str:
        return self.message or f"Retry in {self.when}: {self.exc!r}"


class MaxRetriesExceededError(MaxAttemptsExceeded):
    """The task asked for another attempt and had none left."""


class TaskRevokedError(TaskException):
    """The task was cancelled, or had expired, before it could run."""


class TaskFailed(TaskException):
    """The task failed with an exception whose class cannot be imported here."""


class ChordError(TaskException):
    """A task of the chord's header failed, so its body does not run."""


class TimeoutError(builtins.TimeoutError):  # noqa: A001
    """The result was not there in time."""


def _rebuild(message: str, exc: Any, when: Any, policy: dict[str, Any]) -> Retry:
    return Retry(message, exc, when, **policy)

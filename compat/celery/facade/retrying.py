"""`self.retry()`, which is also the task's retry policy."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import Any, NoReturn

from bridge import retry
from bridge.backends.base import BridgeBackend
from compat.celery.facade.exceptions import MaxRetriesExceededError, Retry
from compat.celery.facade.request import IN_PLACE, Request, innermost
from compat.celery.moments import aware

DEFAULT_DELAY = 180
"""Seconds until the next attempt, unless somebody says otherwise."""
DEFAULT_RETRIES = 3


class RetryPolicy(retry.Retry):
    """A policy that `self.retry(...)` can be called on: Celery and the bridge share the name."""

    max_retries: int | None = DEFAULT_RETRIES
    default_delay: float = DEFAULT_DELAY

    def __call__(
        self,
        args: Any = None,
        kwargs: Any = None,
        exc: BaseException | None = None,
        throw: bool = True,
        eta: datetime | None = None,
        countdown: float | timedelta | None = None,
        max_retries: int | None = None,
        **options: Any,
    ) -> Retry:
        """Ask for another attempt: raise Retry, or return it with throw=False.

        Raise exc, or MaxRetriesExceededError, when none is left.
        """
        request = innermost()
        if request is None or request.called_directly:
            _raise(exc or _current() or Retry("Task can be retried"))
        _refuse_changes(request, args, kwargs, options)
        limit = self.max_retries if max_retries is None else max_retries
        name = request.current.name
        if limit is not None and request.retries >= limit:
            message = (
                f"Can't retry {name}[{request.id}] args:{request.args} kwargs:{request.kwargs}"
            )
            _raise(exc or MaxRetriesExceededError(message))
        if not _runs_again(request):
            message = f"TASKS[{request.current.backend!r}] runs no task a second time."
            _raise(exc or MaxRetriesExceededError(message))
        when: Any = aware(eta) if eta is not None else self.default_delay
        if eta is None and countdown is not None:
            when = countdown
        asked = Retry(None, exc, when, request.is_eager, max_attempts=None)
        asked.__cause__ = exc or _current()
        if throw:
            raise asked
        return asked

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self._fields(), self.max_retries, self.default_delay)


def _rebuild(fields: dict[str, Any], max_retries: int | None, delay: float) -> RetryPolicy:
    policy = RetryPolicy(**fields)
    policy.max_retries, policy.default_delay = max_retries, delay
    return policy


def _current() -> BaseException | None:
    return sys.exc_info()[1]


def _raise(error: BaseException) -> NoReturn:
    current = _current()
    if current is not None and current is not error:
        raise error from current
    raise error


def _runs_again(request: Request) -> bool:
    at_once = request.hostname == IN_PLACE
    return at_once or isinstance(request.current.get_backend(), BridgeBackend)


def _refuse_changes(request: Request, args: Any, kwargs: Any, options: dict[str, Any]) -> None:
    changed = (args is not None and list(args) != request.args) or (
        kwargs is not None and dict(kwargs) != request.kwargs
    )
    if changed:
        raise NotImplementedError(
            "retry() runs the same call again and cannot change its arguments. Enqueue another "
            "call with apply_async() and return instead."
        )
    for name in options:
        raise NotImplementedError(
            f"retry() cannot change {name}: the attempt is the same task. Leave it out, or enqueue "
            "another call with apply_async()."
        )

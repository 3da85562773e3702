"""The `self` that code written for bound tasks expects, made from a task's context.

A converted task gets a context. What it calls may still want Celery's task object: to ask it for
another attempt, or for what only the message says. `celery_self(context)` is one, on any backend.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import Any, NoReturn

import celery
from celery import current_app, current_task
from celery.app.task import Context
from celery.exceptions import MaxRetriesExceededError
from celery.exceptions import Retry as AnyRetry
from celery.utils.time import maybe_make_aware

from bridge import retry
from bridge.context import AnyContext
from bridge.direct import is_direct
from bridge.interface import AnyTask, DjangoImmediateBackend

SENT_AGAIN_WITH = "sent_again_with"
"""Where the request of a message keeps the options of the next attempt's message."""
_AT_ONCE = ("immediate:", "celery:eager")
"""How the ids begin of workers that are the caller's own process."""
_OF_THE_CALL = frozenset(
    [
        "add_to_parent",
        "chain",
        "chord",
        "exchange",
        "expires",
        "group_id",
        "headers",
        "link",
        "link_error",
        "priority",
        "queue",
        "routing_key",
        "shadow",
        "soft_time_limit",
        "task_id",
        "time_limit",
    ]
)
"""Options that would make the next attempt another task than the ledger knows."""


class Retry(retry.Retry, AnyRetry):  # type: ignore[misc]  # celery has no types
    """The task runs again: what `retry()` raises, for `except Retry` of either library."""

    def __init__(
        self,
        message: str | None = None,
        exc: BaseException | None = None,
        when: float | timedelta | datetime | None = None,
        is_eager: bool = False,
    ) -> None:
        at = when if isinstance(when, datetime) else None
        delay = when if isinstance(when, int | float | timedelta) else None
        # Whether one is left is decided before it is raised.
        super().__init__(max_attempts=None, delay=delay, at=at)
        self.message = message
        self.exc = exc
        self.excs = repr(exc) if exc is not None else None
        self.when = when
        self.is_eager = is_eager
        self.sig = None

    __str__ = AnyRetry.__str__

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.exc, self.when, self.is_eager)


class Bound(celery.Task):  # type: ignore[misc]  # celery has no types
    """A Celery task object that stands for one attempt of a task."""

    request: Any = None

    @property
    def app(self) -> Any:
        """Return the current Celery app."""
        return current_app._get_current_object()

    def retry(
        self,
        args: Any = None,
        kwargs: Any = None,
        exc: BaseException | None = None,
        throw: bool = True,
        eta: datetime | None = None,
        countdown: float | timedelta | None = None,
        max_retries: int | None = None,
        **options: Any,
    ) -> NoReturn:
        """Ask for another attempt by raising Retry.

        Raise exc, or MaxRetriesExceededError, when none is left. Options of the broker, such as
        MessageGroupId, are for Celery's workers; those that change the task are refused.
        """
        request = self.request
        if request.called_directly:
            _raise(exc or AnyRetry("Task can be retried", None))
        limit = self.max_retries if max_retries is None else max_retries
        if limit is not None and request.retries >= limit:
            what = f"Can't retry {self.name}[{request.id}]"
            message = f"{what} args:{request.args} kwargs:{request.kwargs}"
            _raise(
                exc
                or MaxRetriesExceededError(
                    message, task_args=request.args, task_kwargs=request.kwargs
                )
            )
        _refuse_changes(request, args, kwargs, options, throw=throw)
        when: Any = self.default_retry_delay if countdown is None else countdown
        if eta is not None:
            when = maybe_make_aware(eta, self.app.timezone)
        running = _message(request.id)
        if running is not None:
            running.update({SENT_AGAIN_WITH: options})
        asked = Retry(None, exc, when, request.is_eager)
        asked.__cause__ = exc or sys.exc_info()[1]
        raise asked

    def replace(self, sig: Any) -> NoReturn:
        """Raise NotImplementedError: enqueue the other task, or name it as an on_success hook."""
        raise NotImplementedError(
            "A converted task cannot be replaced. Enqueue the other task, or name it with "
            "on_success=."
        )


def celery_self(context: AnyContext, **options: Any) -> Bound:
    """Return what Celery passed as `self`, with the options that the code reads from it.

    Its request is that of the Celery message that runs the task; elsewhere it knows id, args,
    kwargs and retries, and what only a message says is None.
    """
    bound = Bound()
    task: AnyTask = context.task_result.task
    bound.name = _wire_name(task)
    for option, value in options.items():
        setattr(bound, option, value)
    bound.request = _request(context, bound.name)
    return bound


def _request(context: AnyContext, name: str) -> Context:
    result = context.task_result
    direct = is_direct(context)
    running = None if direct else _message(result.id)
    request = Context({} if running is None else dict(vars(running)))
    request.update(
        id=None if direct else result.id,
        task=name,
        args=list(result.args),
        kwargs=dict(result.kwargs),
        retries=max(0, context.attempt - 1),
        called_directly=direct,
    )
    if running is None and not direct:
        worker = result.worker_ids[-1] if result.worker_ids else ""
        at_once = isinstance(result.task.get_backend(), DjangoImmediateBackend)
        request.update(
            hostname=worker or None,
            delivery_info={"routing_key": result.task.queue_name},
            is_eager=at_once or worker.startswith(_AT_ONCE),
        )
    return request


def _message(task_id: str | None) -> Any:
    """Return the request of the Celery message that runs a task, None where there is none."""
    if task_id is None or not current_task or current_task.request.id != task_id:
        return None
    return current_task.request


def _wire_name(task: AnyTask) -> str:
    aliases = getattr(task.get_backend(), "aliases", None)
    return task.module_path if aliases is None else str(aliases.wire_name(task.module_path))


def _raise(error: BaseException) -> NoReturn:
    current = sys.exc_info()[1]
    if current is not None and current is not error:
        raise error from current
    raise error


def _refuse_changes(
    request: Any, args: Any, kwargs: Any, options: dict[str, Any], *, throw: bool
) -> None:
    changed = (args is not None and list(args) != request.args) or (
        kwargs is not None and dict(kwargs) != request.kwargs
    )
    if changed:
        raise NotImplementedError(
            "retry() runs the same call again and cannot change its arguments. Enqueue another "
            "call and return instead."
        )
    if not throw:
        raise NotImplementedError(
            "retry(throw=False) cannot go on: another attempt is asked for by raising. Enqueue "
            "another call instead."
        )
    for name in sorted(options.keys() & _OF_THE_CALL):
        raise NotImplementedError(
            f"retry() cannot change {name}: the attempt is the same task. Leave it out, or enqueue "
            "another call with it."
        )

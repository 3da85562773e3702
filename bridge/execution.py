"""The only code that calls a user's function, on every transport."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from inspect import iscoroutinefunction
from typing import Any

from django.utils import timezone

from bridge.interface import (
    AnyResult,
    AnyTask,
    BaseTaskBackend,
    TaskContext,
    task_finished,
    task_started,
)
from bridge.outcome import Failed, Outcome, RetryLater, Succeeded, describe
from bridge.retry import next_delay, reported, seconds
from bridge.timeouts import async_time_limit, time_limit
from bridge.values import storable

Finish = Callable[[Outcome], AnyResult | None]
"""Store an outcome; return the result as stored, None when the claim was lost meanwhile."""


def execute(
    result: AnyResult,
    finish: Finish,
    *,
    sender: type[BaseTaskBackend],
    losses: int = 0,
    after_call: Callable[[], None] | None = None,
) -> Outcome:
    """Run a claimed task: task_started, the call, finish, task_finished.

    `losses` is how many of its attempts ended with a dead worker; they do not count against the
    retry policy. KeyboardInterrupt and SystemExit from the body fail the task like any exception;
    a failing signal receiver is logged and does not. `after_call` may fail the task by raising.
    """
    task_started.send_robust(sender=sender, task_result=result)
    outcome = attempt(result, losses=losses, after_call=after_call)
    with handling(outcome):
        announce(finish(outcome), sender)
    return outcome


@contextmanager
def handling(outcome: Outcome) -> Iterator[None]:
    """Let the block find the outcome's exception in sys.exc_info(); Django's own logging does."""
    if isinstance(outcome, Succeeded):
        yield
        return
    try:
        raise outcome.exception
    except BaseException:  # noqa: BLE001
        yield


def announce(stored: AnyResult | None, sender: type[BaseTaskBackend]) -> None:
    """Send task_finished for a result that is final."""
    if stored is not None and stored.is_finished:
        task_finished.send_robust(sender=sender, task_result=stored)


def attempt(
    result: AnyResult, *, losses: int = 0, after_call: Callable[[], None] | None = None
) -> Outcome:
    """Call the function once and say how it ended."""
    task = result.task
    timeout = getattr(task, "timeout", None)
    try:
        if timeout is None:
            value = _call(result)
        else:
            with time_limit(seconds(timeout)):
                value = _call(result)
        if after_call is not None:
            after_call()
        return Succeeded(value=storable(value))
    except BaseException as error:  # noqa: BLE001
        return _after_error(result, error, result.attempts - losses)


async def aattempt(result: AnyResult, *, losses: int = 0) -> Outcome:
    """Await the coroutine function once and say how it ended."""
    timeout = getattr(result.task, "timeout", None)
    try:
        async with async_time_limit(None if timeout is None else seconds(timeout)):
            value = await result.task.func(*_arguments(result), **result.kwargs)
        return Succeeded(value=storable(value))
    except BaseException as error:  # noqa: BLE001
        return _after_error(result, error, result.attempts - losses)


def is_coroutine(task: AnyTask) -> bool:
    """Say whether a task is a coroutine function."""
    return _is_coroutine(task.func)


_is_coroutine = cache(iscoroutinefunction)


def _after_error(result: AnyResult, error: BaseException, attempts: int) -> Outcome:
    try:
        delay = next_delay(getattr(result.task, "retry", None), attempts, error, timezone.now())
    except Exception as policy_error:  # noqa: BLE001
        # A backoff function is the user's code too.
        policy_error.__cause__ = error
        return Failed(exception=policy_error, error=describe(policy_error))
    shown = reported(error, final=delay is None)
    if delay is None:
        return Failed(exception=shown, error=describe(shown))
    return RetryLater(exception=shown, error=describe(shown), delay=delay)


def _call(result: AnyResult) -> object:
    return result.task.call(*_arguments(result), **result.kwargs)


def _arguments(result: AnyResult) -> list[Any]:
    if result.task.takes_context:
        return [TaskContext(task_result=result), *result.args]
    return result.args

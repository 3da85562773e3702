"""The only code that calls a user's function, on every transport."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import async_to_sync
from django.utils import timezone

from bridge.context import SILENCE, Channel, TaskContext
from bridge.exceptions import TaskCancelled
from bridge.expiry import expired
from bridge.interface import AnyTask, BaseTaskBackend, TaskException, task_finished, task_started
from bridge.outcome import Failed, Outcome, RetryLater, Succeeded, describe
from bridge.result import AnyResult
from bridge.retry import next_delay, reported
from bridge.seconds import seconds
from bridge.timeouts import async_time_limit, time_limit
from bridge.typed_json import revive
from bridge.values import is_typed, storable

Finish = Callable[[Outcome], AnyResult | None]
"""Store an outcome; return the result as stored, None when the claim was lost meanwhile."""


def execute(
    result: AnyResult,
    finish: Finish,
    *,
    sender: type[BaseTaskBackend],
    run: Callable[[AnyResult], Outcome],
) -> Outcome:
    """Run a claimed task: task_started, the call, finish, task_finished.

    A failing signal receiver is logged and does not fail the task.
    """
    outcome: Outcome | None = refusal(result)
    if outcome is None:
        task_started.send_robust(sender=sender, task_result=result)
        outcome = run(result)
    announce(finish(outcome), sender, outcome)
    return outcome


def announce(
    stored: AnyResult | None, sender: type[BaseTaskBackend], outcome: Outcome | None = None
) -> None:
    """Send task_finished for a result that is final.

    Receivers find the exception of the outcome in sys.exc_info(); the one that logs looks there.
    """
    if stored is None or not stored.is_finished:
        return
    if outcome is None or isinstance(outcome, Succeeded):
        task_finished.send_robust(sender=sender, task_result=stored)
        return
    try:
        raise outcome.exception
    except BaseException:  # noqa: BLE001
        # Here and not in a context manager: the block of a `with` is not handling what it handles.
        task_finished.send_robust(sender=sender, task_result=stored)


def refusal(result: AnyResult) -> Failed | None:
    """Return why a claimed task must not start: it is cancelled, or its time has passed."""
    error: TaskException
    if result.cancel_requested_at is not None:
        error = TaskCancelled("The task was cancelled before it started.")
    elif result.expires_at is not None and result.expires_at <= timezone.now():
        error = expired(result.expires_at)
    else:
        return None
    return Failed(exception=error, error=describe(error))


def attempt(
    result: AnyResult,
    *,
    losses: int = 0,
    after_call: Callable[[], None] | None = None,
    channel: Channel = SILENCE,
) -> Outcome:
    """Call the function once and say how it ended.

    `losses` is how many of its attempts ended with a dead worker; they do not count against the
    retry policy. KeyboardInterrupt and SystemExit from the body fail the task like any exception.
    `after_call` may fail the task by raising, `channel` carries what the body says through its
    context.
    """
    try:
        value = _call(result, channel)
        if after_call is not None:
            after_call()
        kept = storable(value, typed=is_typed(result.backend))
        return Succeeded(value=kept, returned=value)
    except BaseException as error:  # noqa: BLE001
        return after_error(result, error, losses)


async def aattempt(result: AnyResult, *, losses: int = 0, channel: Channel = SILENCE) -> Outcome:
    """Await the coroutine function once and say how it ended."""
    try:
        value = await _await(result, channel)
        kept = storable(value, typed=is_typed(result.backend))
        return Succeeded(value=kept, returned=value)
    except BaseException as error:  # noqa: BLE001
        return after_error(result, error, losses)


def is_coroutine(task: AnyTask) -> bool:
    """Say whether a task is a coroutine function."""
    return _is_coroutine(task.func)


_is_coroutine = cache(iscoroutinefunction)


def after_error(result: AnyResult, error: BaseException, losses: int) -> Outcome:
    """Say what follows from an exception: another attempt, or failure."""
    if isinstance(error, TaskCancelled):
        return Failed(exception=error, error=describe(error))
    attempts = result.attempts - losses
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


def _call(result: AnyResult, channel: Channel) -> object:
    if is_coroutine(result.task):
        # Not as Task.call() does: it is on its event loop that a coroutine can be interrupted.
        return async_to_sync(_await)(result, channel)
    args, kwargs = _arguments(result, channel)
    timeout = _timeout(result)
    if timeout is None:
        return result.task.call(*args, **kwargs)
    with time_limit(timeout):
        return result.task.call(*args, **kwargs)


async def _await(result: AnyResult, channel: Channel) -> object:
    args, kwargs = _arguments(result, channel)
    async with async_time_limit(_timeout(result)):
        return await result.task.func(*args, **kwargs)


def _timeout(result: AnyResult) -> float | None:
    timeout = getattr(result.task, "timeout", None)
    return None if timeout is None else seconds(timeout)


def _arguments(result: AnyResult, channel: Channel) -> tuple[list[Any], dict[str, Any]]:
    args, kwargs = result.args, result.kwargs
    if is_typed(result.backend):
        args, kwargs = revive(args), revive(kwargs)
    if result.task.takes_context:
        args = [TaskContext(task_result=result, channel=channel), *args]
    return args, kwargs

"""What Huey's own exceptions mean in a body, and what it hears of an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from huey.exceptions import CancelExecution, RateLimitExceeded, RetryTask
from huey.utils import normalize_time

from bridge.outcome import Failed, Outcome, RetryLater

if TYPE_CHECKING:
    from compat.huey.task import BridgedTask

INTERRUPTERS = ("huey", "gevent")
"""The packages from whose code a worker that has to end is interrupted."""


def understood(outcome: Outcome, huey_task: BridgedTask) -> Outcome:
    """Return the outcome that an exception of Huey's asks for; others are left to the policy."""
    error = getattr(outcome, "exception", None)
    match error:
        case RetryTask():
            return _again(outcome, _delay_of(error, huey_task))
        case RateLimitExceeded():
            if error.retry or isinstance(outcome, RetryLater):
                return _again(outcome, huey_task.said.retry_delay or error.delay)
        case CancelExecution(retry=True):
            if not isinstance(outcome, RetryLater):
                return _again(outcome, huey_task.said.retry_delay)
        case CancelExecution(retry=False):
            return Failed(exception=error, error=_error(outcome))
    return outcome


def costs_no_retry(error: BaseException) -> bool:
    """Say whether Huey gives the retry back that the next attempt takes."""
    return isinstance(error, RetryTask) or (isinstance(error, RateLimitExceeded) and error.retry)


def is_interrupted(outcome: Outcome) -> bool:
    """Say whether it was Huey that ended the body, because its worker has to end."""
    error = getattr(outcome, "exception", None)
    if not isinstance(error, KeyboardInterrupt):
        return False
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    module = "" if place is None else str(place.tb_frame.f_globals.get("__name__"))
    return module.partition(".")[0] in INTERRUPTERS


def failure(outcome: Failed | RetryLater, *, final: bool) -> Exception:
    """Return what is raised to Huey."""
    error = outcome.exception
    asks_for_more = costs_no_retry(error) or (
        isinstance(error, CancelExecution) and bool(error.retry)
    )
    if isinstance(error, Exception) and not (final and asks_for_more):
        return error
    # Huey would end its worker, or run the task again.
    failed = RuntimeError(f"The task raised {error!r}.")
    failed.__cause__ = error
    return failed


def _again(outcome: Outcome, delay: float) -> RetryLater:
    error: Any = outcome
    return RetryLater(exception=error.exception, error=error.error, delay=max(delay, 0.0))


def _error(outcome: Outcome) -> Any:
    shown: Any = outcome
    return shown.error


def _delay_of(error: RetryTask, huey_task: BridgedTask) -> float:
    if not error.eta and error.delay is None:
        return huey_task.said.retry_delay
    huey = huey_task.huey
    at = normalize_time(error.eta, error.delay, huey.utc)
    return float((at - huey._get_timestamp()).total_seconds())

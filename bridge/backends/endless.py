"""What keeps a task that always asks for another attempt from running for ever in its caller."""

from __future__ import annotations

from bridge.exceptions import MaxAttemptsExceeded
from bridge.outcome import Failed, Outcome, RetryLater, describe
from bridge.result import AnyResult

MOST_ATTEMPTS = 100


def bounded(result: AnyResult, outcome: Outcome) -> Outcome:
    """Return the outcome of an attempt, the MOST_ATTEMPTS-th as a failure if it is not the last.

    Where nobody waits between two attempts, one without a bound would never end.
    """
    if not isinstance(outcome, RetryLater) or result.attempts < MOST_ATTEMPTS:
        return outcome
    error = MaxAttemptsExceeded(
        f"{result.task.module_path} asked for another attempt {MOST_ATTEMPTS} times in a row. "
        "A worker would go on and wait in between; where tasks run at once, it ends here. "
        "Give its Retry a max_attempts, or let it succeed in this test."
    )
    error.__cause__ = outcome.exception
    return Failed(exception=error, error=describe(error))

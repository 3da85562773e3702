"""A retry schedule keeps its bounds, whatever the policy and whatever goes wrong."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge import Retry, exponential, fixed, task
from bridge.direct import direct_context
from bridge.execution import attempt
from bridge.outcome import Failed, RetryLater
from bridge.result import AnyResult
from bridge.retry import DEFAULT_MAX_ATTEMPTS, next_delay
from tests.app import tasks

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
RUNS = 12
"""How many attempts are followed when nothing bounds them."""

lengths = st.floats(0, 1e300) | st.timedeltas(min_value=dt.timedelta(0)) | st.integers(0, 10**30)
backoffs = (
    st.just(exponential)
    | lengths.map(exponential)
    | lengths.map(fixed)
    | st.floats(-1e300, 1e300).map(lambda factor: lambda attempt: factor * attempt / RUNS)
)
kinds = st.sampled_from([OSError, ConnectionError, ValueError, KeyError, KeyboardInterrupt])
classes = kinds | st.lists(kinds, max_size=3).map(tuple)
limits = st.just(...) | st.none() | st.integers(1, RUNS)
common = {
    "max_attempts": limits,
    "backoff": st.none() | backoffs,
    "max_delay": st.none() | lengths,
    "jitter": st.booleans(),
}
policies: st.SearchStrategy[Retry] = st.builds(Retry, on=classes, never_on=classes, **common)
delays = st.floats(-1e300, 1e300) | st.timedeltas()
times = st.datetimes() | st.datetimes(timezones=st.timezones())
requests: st.SearchStrategy[BaseException] = (
    st.builds(Retry, **common)
    | st.builds(Retry, max_attempts=limits, delay=delays)
    | st.builds(Retry, max_attempts=limits, at=times)
)
errors = kinds.map(lambda kind: kind("on purpose")) | requests


@given(policy=st.none() | policies, number=st.integers(1, 100_000), error=errors)
def test_next_delay_is_finite_and_within_the_bounds_of_policy_and_request(
    policy: Retry | None, number: int, error: BaseException
) -> None:
    delay = next_delay(policy, number, error, NOW)

    if delay is None:
        assert not _may_run_again(policy, number, error)
        return
    assert _may_run_again(policy, number, error)
    assert 0 <= delay < math.inf
    if not isinstance(error, Retry) or (error.delay is None and error.at is None):
        assert delay <= _longest(policy, number, error)
    elif error.delay is not None:
        assert delay == error.delay


@given(policy=policies, number=st.integers(1, 100), error=errors)
def test_without_jitter_the_same_error_waits_the_same_time_and_with_it_never_longer(
    policy: Retry, number: int, error: BaseException
) -> None:
    steady = Retry(
        max_attempts=policy.max_attempts,
        on=policy.on,
        never_on=policy.never_on,
        backoff=policy.backoff,
        max_delay=policy.max_delay,
    )
    longest = next_delay(steady, number, error, NOW)
    if not (isinstance(error, Retry) and error.jitter):
        assert longest == next_delay(steady, number, error, NOW)

    delay = next_delay(policy, number, error, NOW)

    assert (delay is None) == (longest is None)
    if delay is not None and longest is not None and not getattr(error, "jitter", False):
        assert delay <= longest


@given(
    policy=policies, raised=st.lists(errors, min_size=1, max_size=RUNS), losses=st.integers(0, 3)
)
def test_attempts_that_the_executor_makes_stop_at_the_bound_and_keep_what_was_raised(
    policy: Retry, raised: list[BaseException], losses: int
) -> None:
    made = iter(raised)

    def body() -> None:
        raise next(made)

    result: AnyResult = direct_context(_declared(body, policy), (), {}).task_result
    result.worker_ids[:] = ["lost"] * losses
    for number, error in enumerate(raised, start=1):
        result.worker_ids.append("here")
        outcome = attempt(result, losses=losses)

        assert isinstance(outcome, RetryLater | Failed)
        if isinstance(error, Retry):
            # Nothing was wrong but that it has to run again.
            assert isinstance(outcome, RetryLater) or "MaxAttempts" in outcome.error.traceback
        else:
            assert outcome.exception is error
        assert isinstance(outcome, RetryLater) == _may_run_again(policy, number, error)
        if isinstance(outcome, Failed):
            break


def _declared(body: Any, policy: Retry) -> Any:
    body.__module__, body.__qualname__ = tasks.__name__, "add"
    return task(retry=policy)(body)


def _may_run_again(policy: Retry | None, number: int, error: BaseException) -> bool:
    """Say the rule once more, in other words."""
    bound = DEFAULT_MAX_ATTEMPTS if policy is None else policy.limit
    if isinstance(error, Retry):
        if error.max_attempts is not ...:
            bound = error.max_attempts
    elif policy is None or not isinstance(error, policy.on) or isinstance(error, policy.never_on):
        return False
    return bound is None or number < bound


def _longest(policy: Retry | None, number: int, error: BaseException) -> float:
    asked = error if isinstance(error, Retry) else Retry()
    policy = policy or Retry()
    backoff = asked.backoff or policy.backoff or exponential()
    value = backoff(number)
    longest = value.total_seconds() if isinstance(value, dt.timedelta) else value
    bound = policy.max_delay if asked.max_delay is None else asked.max_delay
    return max(0.0, longest if bound is None else min(longest, bound))

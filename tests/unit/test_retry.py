from __future__ import annotations

import datetime as dt
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import MaxAttemptsExceeded, Retry, exponential, fixed
from bridge.retry import next_delay, reported

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("policy", "attempt", "error", "delay"),
    [
        (None, 1, ValueError(), None),
        (Retry(), 1, ValueError(), 1),
        (Retry(), 2, ValueError(), 2),
        (Retry(), 3, ValueError(), None),
        (Retry(max_attempts=1), 1, ValueError(), None),
        (Retry(max_attempts=None), 50, ValueError(), 2.0**49),
        (Retry(backoff=fixed(7)), 2, ValueError(), 7),
        (Retry(backoff=exponential(3)), 2, ValueError(), 6),
        (Retry(backoff=exponential(3), max_delay=5), 2, ValueError(), 5),
        (Retry(max_delay=dt.timedelta(seconds=1)), 2, ValueError(), 1),
        (Retry(backoff=lambda attempt: attempt * 10), 2, ValueError(), 20),
        (Retry(on=OSError), 1, ValueError(), None),
        (Retry(on=OSError), 1, ConnectionError(), 1),
        (Retry(on=OSError, never_on=ConnectionError), 1, ConnectionError(), None),
        (Retry(), 1, KeyboardInterrupt(), None),
        (Retry(), 1, SystemExit(), None),
        (Retry(on=()), 1, ValueError(), None),
        (Retry(on=(), backoff=fixed(9)), 1, Retry(), 9),
        (Retry(on=()), 3, Retry(delay=5), None),
        (Retry(on=()), 3, Retry(delay=5, max_attempts=4), 5),
        (Retry(max_attempts=9), 3, Retry(delay=5, max_attempts=3), None),
        (None, 1, Retry(delay=dt.timedelta(minutes=1)), 60),
        (None, 1, Retry(at=NOW + dt.timedelta(seconds=30)), 30),
        (None, 1, Retry(at=NOW - dt.timedelta(seconds=30)), 0),
        (None, 1, Retry(at=(NOW + dt.timedelta(seconds=30)).replace(tzinfo=None)), 30),
        (Retry(backoff=lambda attempt: dt.timedelta(seconds=3)), 1, ValueError(), 3),
        (None, 3, Retry(), None),
    ],
)
def test_next_delay(
    policy: Retry | None, attempt: int, error: BaseException, delay: float | None
) -> None:
    assert next_delay(policy, attempt, error, NOW) == delay


@given(
    attempt=st.integers(1, 10_000),
    max_attempts=st.none() | st.integers(1, 10_000),
    max_delay=st.floats(0, 1e6),
    factor=st.floats(0, 1e6),
    jitter=st.booleans(),
)
def test_delay_never_leaves_its_bounds(
    attempt: int, max_attempts: int | None, max_delay: float, factor: float, jitter: bool
) -> None:
    policy = Retry(
        max_attempts=max_attempts, backoff=exponential(factor), max_delay=max_delay, jitter=jitter
    )

    delay = next_delay(policy, attempt, ValueError(), NOW)

    if max_attempts is not None and attempt >= max_attempts:
        assert delay is None
    else:
        assert delay is not None
        assert 0 <= delay <= max_delay


def test_policies_compare_by_value_and_survive_pickle() -> None:
    policy = Retry(max_attempts=4, on=OSError, backoff=exponential(2), jitter=True)

    assert pickle.loads(pickle.dumps(policy)) == policy
    assert hash(pickle.loads(pickle.dumps(policy))) == hash(policy)
    assert policy != Retry(max_attempts=5, on=OSError, backoff=exponential(2), jitter=True)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"max_attempts": 0}, "at least 1, not 0"),
        ({"delay": 1, "at": NOW}, "either delay or at"),
    ],
)
def test_impossible_policy_is_refused(arguments: dict[str, object], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        Retry(**arguments)  # type: ignore[arg-type]


def test_a_request_is_reported_as_its_cause() -> None:
    cause = LookupError()
    request = Retry()
    request.__cause__ = cause

    assert reported(request, final=True) is cause
    assert isinstance(reported(Retry(), final=True), MaxAttemptsExceeded)
    assert isinstance(reported(Retry(), final=False), Retry)

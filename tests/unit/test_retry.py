from __future__ import annotations

import datetime as dt
import math
import pickle
from typing import Any

import pytest

from bridge import MaxAttemptsExceeded, Retry, exponential, fixed
from bridge.backoff import LONGEST_WAIT
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
        (Retry(max_attempts=None), 20, ValueError(), 2.0**19),
        (Retry(max_attempts=None), 50, ValueError(), LONGEST_WAIT),
        (Retry(max_attempts=None), 5000, ValueError(), LONGEST_WAIT),
        (Retry(backoff=exponential), 2, ValueError(), 2),
        (Retry(backoff=exponential(dt.timedelta(minutes=1))), 2, ValueError(), 120),
        (Retry(backoff=fixed(dt.timedelta(minutes=1))), 2, ValueError(), 60),
        (Retry(backoff=lambda attempt: -attempt), 1, ValueError(), 0),
        (Retry(backoff=fixed(9)), 1, Retry(max_delay=4), 4),
        (Retry(max_delay=4), 1, Retry(backoff=fixed(9)), 4),
        (Retry(max_delay=4), 1, Retry(delay=9), 9),
        (None, 1, Retry(delay=-3), 0),
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


def test_policies_compare_by_value_and_survive_pickle() -> None:
    policy = Retry(max_attempts=4, on=OSError, backoff=exponential(2), jitter=True)

    assert pickle.loads(pickle.dumps(policy)) == policy
    assert hash(pickle.loads(pickle.dumps(policy))) == hash(policy)
    assert policy != Retry(max_attempts=5, on=OSError, backoff=exponential(2), jitter=True)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"max_attempts": 0}, "at least 1, not 0"),
        ({"max_attempts": "3"}, "at least 1, not '3'"),
        ({"max_attempts": True}, "at least 1, not True"),
        ({"delay": 1, "at": NOW}, "either delay or at"),
        ({"delay": "1m"}, "delay must be 0 or more seconds"),
        ({"delay": math.nan}, "delay must be 0 or more seconds"),
        ({"at": NOW.date()}, r"at must be a datetime, not datetime.date"),
        ({"at": 0}, "at must be a datetime, not 0"),
        ({"on": "OSError"}, "on=ConnectionError, or on="),
        ({"on": [OSError]}, "on=ConnectionError, or on="),
        ({"on": OSError()}, "on=ConnectionError, or on="),
        ({"never_on": (OSError, int)}, "never_on=ConnectionError, or never_on="),
        ({"backoff": fixed}, r"Write backoff=fixed\(60\)"),
        ({"backoff": 60}, r"Write backoff=fixed\(60\)"),
        ({"max_delay": -1}, "max_delay must be 0 or more seconds"),
        ({"max_delay": math.inf}, "max_delay must be 0 or more seconds"),
        ({"max_delay": 10**400}, "max_delay must be 0 or more seconds"),
        ({"jitter": 0.5}, "jitter must be True or False, not 0.5"),
    ],
)
def test_impossible_policy_is_refused(arguments: dict[str, object], rule: str) -> None:
    with pytest.raises((ValueError, TypeError), match=rule):
        Retry(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [-1, math.nan, math.inf, "60", None, True])
@pytest.mark.parametrize("backoff", [fixed, exponential])
def test_impossible_backoff_is_refused(backoff: Any, length: Any) -> None:
    with pytest.raises(ValueError, match="must be 0 or more seconds"):
        backoff(length)


@pytest.mark.parametrize("length", [math.nan, math.inf, "60", None])
def test_backoff_that_returns_no_duration_is_named(length: Any) -> None:
    with pytest.raises(ValueError, match=r"What backoff=<function .* returns must be 0 or more"):
        Retry(backoff=lambda attempt: length).wait(1)


def test_a_request_is_reported_as_its_cause() -> None:
    cause = LookupError()
    request = Retry()
    request.__cause__ = cause

    assert reported(request, final=True) is cause
    assert isinstance(reported(Retry(), final=True), MaxAttemptsExceeded)
    assert isinstance(reported(Retry(), final=False), Retry)

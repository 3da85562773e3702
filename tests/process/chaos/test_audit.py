"""The audit finds every way a ledger can be wrong: storms that pass it mean something."""

from __future__ import annotations

from typing import Any

import pytest

from tests.process.chaos.audit import LOST, Audit, Row
from tests.process.chaos.calls import Call
from tests.process.chaos.journal import ENDED, RAISED, STARTED, Record

NOON = "2026-11-21 12:00:0{}+00:00"


def row(**changed: Any) -> Row:
    """The row of a task that succeeded in its only attempt, in process 7."""
    return {
        "args": [1, 0.0, 0],
        "status": "SUCCESSFUL",
        "worker": None,
        "wake_at": None,
        "started_at": NOON.format(1),
        "last_attempted_at": NOON.format(1),
        "finished_at": NOON.format(2),
        "enqueued": 100.0,
        "losses": 0,
        "worker_ids": ["host:7"],
        "errors": [],
        "return_value": [1, 1],
        **changed,
    }


def error(path: str) -> dict[str, str]:
    return {"exception_class_path": path, "traceback": f"{path}: why"}


def records(*moments: tuple[str, int, float]) -> list[Record]:
    return [Record(moment, 1, attempt, 7, 6, at) for moment, attempt, at in moments]


ONCE = Call(key=1, task="once")
OFTEN = Call(key=1, task="often")
RAN = records((STARTED, 1, 101), (ENDED, 1, 102))
RAN_TWICE = records((STARTED, 1, 101), (STARTED, 2, 103), (ENDED, 2, 104))
FLAKY = Call(key=1, task="often_flaky", failures=1)
RETRIED = records((STARTED, 1, 101), (RAISED, 1, 101), (STARTED, 2, 103), (ENDED, 2, 104))
LOST_ONCE = {"losses": 1, "errors": [error(LOST)]}
AGAIN = {"worker_ids": ["host:7", "host:7"], "return_value": [1, 2]}
FAILED = {"status": "FAILED", "return_value": None}


@pytest.mark.parametrize(
    ("call", "ledger", "journal"),
    [
        (ONCE, row(), RAN),
        (OFTEN, row(**LOST_ONCE, **AGAIN), RAN_TWICE),
        (ONCE, row(**LOST_ONCE, **FAILED), records((STARTED, 1, 101))),
        (ONCE, row(**LOST_ONCE, **FAILED), []),  # claimed by a worker that died as a whole
        (FLAKY, row(errors=[error("builtins.ConnectionError")], **AGAIN), RETRIED),
    ],
)
def test_truth_passes(call: Call, ledger: Row, journal: list[Record]) -> None:
    assert Audit([call], [ledger], journal, killed={7}).problems == []


@pytest.mark.parametrize(
    ("call", "ledger", "journal", "problem"),
    [
        (ONCE, row(status="RUNNING"), RAN, "not final but RUNNING"),
        (ONCE, row(worker="w"), RAN, "final, yet worker is 'w'"),
        (ONCE, row(wake_at=NOON.format(1)), RAN, "final, yet wake_at is"),
        (ONCE, row(finished_at=None), RAN, "final, yet finished_at is NULL"),
        (ONCE, row(finished_at=NOON.format(0)), RAN, "are not in order"),
        (ONCE, row(return_value=None), RAN, "return value is None"),
        (ONCE, row(), RAN[:1], "attempt 1 did not come to its end"),
        (ONCE, row(), [], "0 attempts started"),
        (ONCE, row(), RAN + RAN[:1], "an attempt of an at-most-once task ran twice"),
        (ONCE, row(**LOST_ONCE, **AGAIN), RAN_TWICE, "an at-most-once task started 2 times"),
        (OFTEN, row(**AGAIN), RAN_TWICE, "2 attempts do not match 0 errors"),
        (OFTEN, row(losses=1, **AGAIN), RAN_TWICE, "losses is 1 with 0 WorkerLost errors"),
        (OFTEN, row(**LOST_ONCE, **FAILED), RAN[:1], "FAILED as lost after 1 of 3 losses"),
        (OFTEN, row(**LOST_ONCE, **FAILED), [], "an at-least-once task never ran"),
        (ONCE, row(**FAILED, worker_ids=[]), [], "FAILED without an error"),
        (ONCE, row(**FAILED, errors=[error("X")]), RAN, "that its body did not raise"),
        (
            FLAKY,
            row(errors=[error("builtins.ConnectionError")], **AGAIN),
            RAN_TWICE,
            "attempt 1 has an error that its body did not raise",
        ),
        (
            FLAKY,
            row(errors=[error("builtins.ConnectionError")], **AGAIN),
            records((STARTED, 1, 101), (RAISED, 1, 102.9), (STARTED, 2, 103), (ENDED, 2, 104)),
            "attempt 2 started 0.10 s later",
        ),
        (Call(key=1, task="once", defer=5), row(), RAN, "deferred by 5.00 s and started after 1"),
        (Call(key=1, task="often_doomed"), row(), RAN, "SUCCESSFUL, yet its body always raises"),
        (Call(key=2, task="once"), row(), RAN, "has 0 rows instead of 1"),
    ],
)
def test_lie_is_found(call: Call, ledger: Row, journal: list[Record], problem: str) -> None:
    problems = Audit([call], [ledger], journal, killed={7}).problems

    assert any(problem in found for found in problems), problems


def test_loss_without_a_death_is_found() -> None:
    (problem,) = Audit([OFTEN], [row(**LOST_ONCE, **AGAIN)], RAN_TWICE).problems

    assert "attempt 1 is lost, and its process 7 was not killed" in problem


def test_row_that_nobody_enqueued_is_found() -> None:
    stranger = row(args=[2, 0.0, 0])

    assert Audit([ONCE], [row(), stranger], RAN).problems == ["2 rows for 1 calls"]

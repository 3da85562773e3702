from __future__ import annotations

import time
from typing import Any, cast

import pytest

from bridge.ledger.vendors.verbs import Look
from bridge.worker.options import WorkerOptions
from bridge.worker.post import Post
from bridge.worker.scout import SOON, Scout


class Ledger:
    """Answers looks with what it is given, and counts them."""

    def __init__(self) -> None:
        self.now = Look((), None)
        self.due: tuple[str, ...] = ()
        self.looks = 0
        self.wakes = 0

    means_tasks = True

    def look(self) -> Look:
        self.looks += 1
        return self.now

    def wake(self) -> int:
        self.wakes += 1
        self.now = Look(self.due, None)
        return len(self.due)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def scout(ledger: Ledger, **options: Any) -> Scout:
    return Scout(cast("Post", ledger), WorkerOptions(**{"backend": "default", **options}))


def test_queue_is_claimed_from_until_it_runs_short(ledger: Ledger) -> None:
    ledger.now = Look(("mail",), None)
    it = scout(ledger)

    assert it.groups() == it.groups() == [("mail",)]
    it.found(5, 5)
    assert it.groups() == [("mail",)]
    it.found(1, 5)

    assert it.groups() == []
    assert ledger.looks == 1
    assert it.rest <= SOON


def test_idle_worker_looks_once_soon_and_then_at_every_interval(ledger: Ledger) -> None:
    it = scout(ledger, interval=30)
    it.found(1, 5)
    assert (it.groups(), ledger.looks) == ([], 1)

    assert it.rest > 29
    assert (it.groups(), ledger.looks) == ([], 1)
    it.heard()

    assert (it.groups(), ledger.looks) == ([], 2)


def test_deferred_task_is_woken_when_it_is_due_and_not_looked_for_before(ledger: Ledger) -> None:
    ledger.now, ledger.due = Look((), 0.05), ("mail",)
    it = scout(ledger, interval=30)
    assert it.groups() == []
    assert 0 < it.rest <= 0.05

    time.sleep(0.06)
    ledger.now = Look((), -0.01)

    assert it.groups() == [("mail",)]
    assert ledger.wakes == 1


def test_more_deferred_tasks_than_one_wake_takes_are_woken_without_a_rest(ledger: Ledger) -> None:
    ledger.now, ledger.due = Look((), -5.0), ("mail",)
    it = scout(ledger, interval=30)

    def wake() -> int:
        ledger.now = Look(("mail",), -4.0)
        return 1000

    ledger.wake = wake  # type: ignore[method-assign]

    it.groups()

    assert it.rest == 0


def test_queues_of_others_do_not_make_a_worker_look_busy(ledger: Ledger) -> None:
    ledger.now = Look(("other", "excluded"), None)
    it = scout(ledger, exclude=("excluded", "other"))

    assert it.groups() == []
    assert it.dry


def test_task_that_ended_may_have_to_run_again_so_nothing_is_dry(ledger: Ledger) -> None:
    it = scout(ledger, interval=30)
    it.groups()
    assert it.dry

    it.stirred()

    assert not it.dry
    assert it.rest <= SOON


def test_commit_that_happens_anyway_claims_from_where_there_last_was_something(
    ledger: Ledger,
) -> None:
    it = scout(ledger, interval=30)
    assert it.groups(anyway=True) == []
    ledger.now = Look(("mail",), None)
    it.heard()
    it.groups()
    it.found(1, 5)

    assert it.groups(anyway=True) == [("mail",)]


def test_notified_worker_claims_where_there_last_was_something_and_looks_when_it_is_not_there(
    ledger: Ledger,
) -> None:
    ledger.now = Look(("mail",), None)
    it = scout(ledger, interval=30)
    it.groups()
    ledger.now = Look((), None)
    it.found(0, 5)
    time.sleep(SOON)
    assert (it.groups(), ledger.looks) == ([], 2)

    it.heard()
    assert (it.groups(), ledger.looks) == ([("mail",)], 2)
    it.found(0, 5)
    it.groups()

    assert ledger.looks == 3


def test_worker_that_hears_of_any_write_looks_before_it_claims(ledger: Ledger) -> None:
    ledger.means_tasks = False
    ledger.now = Look(("mail",), None)
    it = scout(ledger, interval=30)
    it.groups()
    it.found(0, 5)
    ledger.now = Look((), None)

    it.heard()

    assert (it.groups(), ledger.looks) == ([], 2)


def test_rows_that_others_hold_locked_are_looked_for_at_a_measured_pace(ledger: Ledger) -> None:
    ledger.now = Look(("mail",), None)
    it = scout(ledger, interval=30)
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        if it.groups():
            it.found(0, 1)
        time.sleep(min(it.rest, 0.01))

    assert ledger.looks <= 0.3 / SOON + 1


def test_due_task_that_somebody_has_locked_is_not_asked_for_without_a_rest(ledger: Ledger) -> None:
    ledger.now = Look((), -1.0)
    ledger.wake = lambda: 0  # type: ignore[method-assign]
    it = scout(ledger)

    it.groups()

    assert 0 < it.rest <= SOON

"""When a child process asks which lanes, with a ledger that counts the questions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from bridge.ledger.entrance import Shut
from bridge.ledger.lanes import MOST, Visit
from bridge.ledger.vendors.verbs import Head, Survey
from bridge.worker.post import Post
from bridge.worker.rounds import LONGEST, SHORTEST, Delay, Rounds

WINDOW = 100


class Ledger:
    """Lanes with a priority each; `answer` says what comes of asking some."""

    def __init__(self) -> None:
        self.lanes: dict[str, int] = {}
        self.queues: dict[str, str] = {}
        self.paused: set[str] = set()
        self.surveys = 0
        self.visits: list[list[str]] = []
        self.seconds = 0.0
        self.answer: Callable[[list[str]], dict[str, Any]] = lambda lanes: {}

    def survey(self, after: str) -> Survey:
        self.surveys += 1
        time.sleep(self.seconds)
        names = sorted(name for name in self.lanes if name > after)[:WINDOW]
        heads = [
            Head(
                name,
                self.queues.get(name, "default"),
                self.lanes[name],
                UUID(int=int(name)),
                name in self.paused,
            )
            for name in names
        ]
        return Survey(heads, names[-1] if len(names) == WINDOW else None)

    def visit(self, lanes: Sequence[str], limit: int, delay: float) -> Visit:
        self.visits.append(list(lanes))
        nothing: dict[str, Any] = {
            "rows": [],
            "shut": {},
            "busy": frozenset(),
            "empty": frozenset(),
            "asked_at": time.monotonic(),
            "start_by": {},
        }
        return Visit(**{**nothing, **self.answer(list(lanes))})


def name(number: int) -> str:
    return f"{number:05}"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def rounds(ledger: Ledger, *, interval: float = 30, exclude: str = "") -> Rounds:
    def served(queues: Sequence[str]) -> tuple[str, ...]:
        return tuple(queue for queue in queues if queue != exclude)

    return Rounds(cast("Post", ledger), served, interval)


def shut(key: str, seconds: float | None) -> Callable[[list[str]], dict[str, Any]]:
    return lambda lanes: {"shut": {lane: Shut(key, seconds) for lane in lanes}}


def run(it: Rounds, steps: int = 100) -> None:
    for _ in range(steps):
        if not it.due:
            return
        it.claim(1)
    raise AssertionError("it never rests")


def test_nothing_is_asked_before_somebody_says_that_there_are_lanes(ledger: Ledger) -> None:
    it = rounds(ledger)
    assert (it.due, it.dry, it.rest) == (False, True, float("inf"))

    it.begin()

    assert (it.due, it.dry) == (True, False)
    run(it)
    assert (ledger.surveys, ledger.visits, it.dry) == (1, [], True)


def test_most_urgent_lanes_are_asked_first(ledger: Ledger) -> None:
    ledger.lanes = {name(1): 0, name(2): 5, name(3): 0}
    ledger.answer = lambda lanes: {"empty": frozenset(lanes)}
    it = rounds(ledger)

    it.begin()
    run(it)

    assert ledger.visits == [[name(2), name(1), name(3)]]
    assert it.dry


def test_full_lane_is_asked_at_the_next_interval_and_when_a_task_under_its_key_ends(
    ledger: Ledger,
) -> None:
    ledger.lanes = {name(1): 0}
    ledger.answer = shut("k", None)
    it = rounds(ledger, interval=0.1)
    it.begin()
    run(it)
    assert len(ledger.visits) == 1
    assert not it.dry  # a batch waits for it
    assert 0 < it.rest <= 0.1

    it.ended(["other"])
    assert not it.due
    it.ended(["k"])
    assert it.due
    run(it)
    assert len(ledger.visits) == 2

    time.sleep(0.1)
    run(it)
    assert len(ledger.visits) == 3


def test_rate_is_asked_when_it_opens_and_its_lane_is_not_read_before(ledger: Ledger) -> None:
    ledger.lanes = {name(1): 0}
    ledger.answer = shut("r", 2)
    it = rounds(ledger, interval=0.1)
    it.begin()
    run(it)
    assert it.dry  # it opens later than a batch waits
    assert 0.1 < it.rest <= 2

    it.begin()
    while ledger.surveys < 2:
        time.sleep(it.rest)
        it.claim(1)
    assert len(ledger.visits) == 1

    time.sleep(it.rest)
    run(it)
    assert len(ledger.visits) == 2


def test_lane_that_another_worker_is_asking_is_asked_again_soon(ledger: Ledger) -> None:
    ledger.lanes = {name(1): 0}
    ledger.answer = lambda lanes: {"busy": frozenset(lanes)}
    it = rounds(ledger, interval=0.3)
    it.begin()
    it.claim(1)

    assert not it.due
    assert not it.dry
    assert 0 < it.rest < 0.1

    for _ in range(6):
        time.sleep(it.rest)
        it.claim(1)
    assert 0.1 < it.rest <= 0.3


def test_lanes_of_other_queues_and_of_paused_ones_are_not_asked(ledger: Ledger) -> None:
    ledger.lanes = {name(1): 0, name(2): 0, name(3): 0}
    ledger.queues = {name(1): "mail"}
    ledger.paused = {name(2)}
    ledger.answer = lambda lanes: {"empty": frozenset(lanes)}
    it = rounds(ledger, exclude="mail")

    it.begin()
    run(it)

    assert ledger.visits == [[name(3)]]
    assert it.dry


def test_ten_thousand_lanes_are_read_in_steps_with_rests_between_them(ledger: Ledger) -> None:
    ledger.lanes = {name(number): 0 for number in range(1000)}
    ledger.answer = shut("r", 3600)
    ledger.seconds = 0.005
    it = rounds(ledger, interval=30)
    begun = time.monotonic()
    it.begin()

    while it.rest < 1:
        assert ledger.surveys <= 11
        time.sleep(it.rest)
        it.claim(1)

    # 10 windows and the end of the last, each of 5 ms, and nine times as long between them.
    assert ledger.surveys == 11
    assert time.monotonic() - begun >= 10 * 9 * 0.005
    asked = [lane for visit in ledger.visits for lane in visit]
    assert len(asked) == len(set(asked)) == 1000
    assert max(map(len, ledger.visits)) == MOST


def test_while_lanes_have_rows_no_other_lane_is_read(ledger: Ledger) -> None:
    ledger.lanes = {name(number): 0 for number in range(1000)}
    ledger.answer = lambda lanes: {"rows": [cast("Any", uuid4())]}
    it = rounds(ledger)
    it.begin()

    for _ in range(50):
        assert it.due
        it.claim(1)

    assert ledger.surveys == 1


def test_no_more_rows_are_asked_for_than_a_visit_is_likely_to_get(ledger: Ledger) -> None:
    ledger.lanes = {name(1): 0}
    wanted = []

    def visit(lanes: Sequence[str], limit: int, delay: float) -> Visit:
        wanted.append(limit)
        return Ledger.visit(ledger, lanes, limit, delay)

    ledger.visit = visit  # type: ignore[method-assign]
    ledger.answer = lambda lanes: {"rows": [cast("Any", uuid4())] * min(wanted[-1], 20)}
    it = rounds(ledger)
    it.begin()

    for _ in range(5):
        it.claim(100)

    assert wanted == [4, 8, 16, 32, 40]


def test_delay_follows_the_time_that_a_claim_takes() -> None:
    delay = Delay()
    assert delay.seconds == SHORTEST

    delay.learn(0.2)
    assert delay.seconds == pytest.approx(1.2)
    delay.learn(0.001)
    assert SHORTEST < delay.seconds < 1.2
    for _ in range(100):
        delay.learn(0.001)
    assert delay.seconds == SHORTEST

    delay.lengthen()
    assert delay.seconds == 2 * SHORTEST
    for _ in range(100):
        delay.lengthen()
    assert delay.seconds == LONGEST

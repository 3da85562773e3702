from __future__ import annotations

import pytest

from bridge.worker.pace import HORIZON, MOST, Pace


def after(*seconds: float, at_once: int = 1) -> Pace:
    pace = Pace(at_once)
    for each in seconds:
        pace.learn(each)
    return pace


def test_nothing_is_taken_ahead_before_the_first_task_has_ended() -> None:
    assert after().ahead() == 0


@pytest.mark.parametrize(
    ("seconds", "at_once", "ahead"),
    [(0.0, 1, MOST), (0.0001, 1, MOST), (0.01, 1, 10), (0.06, 1, 1), (0.06, 4, 6), (1.0, 4, 0)],
)
def test_no_more_is_taken_ahead_than_starts_within_the_horizon(
    seconds: float, at_once: int, ahead: int
) -> None:
    assert after(*[seconds] * 10, at_once=at_once).ahead() == ahead


def test_one_long_task_stops_the_prefetch_and_short_ones_bring_it_back() -> None:
    pace = after(*[0.001] * 50, 1.0)
    assert pace.ahead() == 0

    for _ in range(30):
        pace.learn(0.001)

    assert pace.ahead() > 50


def test_task_that_is_still_running_counts_with_what_it_took_so_far() -> None:
    pace = after(*[0.001] * 50)

    assert pace.ahead() == MOST
    assert pace.ahead(still=HORIZON / 2) == 2
    assert pace.ahead(still=HORIZON) == 0

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.worker.crashes import LONGEST_WAIT, MAX_CRASHES, WINDOW, Crashes


def test_first_death_is_replaced_at_once_and_later_ones_after_longer_and_longer_waits() -> None:
    crashes = Crashes()

    waits = [crashes.count(1.0) for _ in range(MAX_CRASHES)]

    assert waits[0] == 0
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


def test_child_that_dies_as_soon_as_it_starts_makes_the_worker_give_up_within_a_minute() -> None:
    crashes = Crashes()
    now = 0.0
    while not crashes.too_many and now < 2 * WINDOW:
        now += crashes.count(now)

    assert crashes.too_many
    assert 10 < now < WINDOW


@given(st.lists(st.floats(WINDOW / (MAX_CRASHES - 1), 1e6), max_size=60))
def test_deaths_that_are_far_enough_apart_never_make_it_give_up(gaps: list[float]) -> None:
    crashes = Crashes()
    now = 0.0
    for gap in gaps:
        now += gap
        crashes.count(now)
        assert not crashes.too_many


def test_death_after_a_quiet_minute_counts_as_the_first() -> None:
    crashes = Crashes()
    for _ in range(5):
        crashes.count(0.0)

    assert crashes.count(WINDOW) == 0

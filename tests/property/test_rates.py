"""Rates: never more starts than allowed in any window, however they are asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.ledger.rates import EXACT, LONGEST_DELAY, PARTS, Log, Rate

SECOND = 1_000_000
rates = st.builds(
    Rate,
    st.integers(1, 300) | st.sampled_from([EXACT, EXACT + 1, 10_000]),
    st.sampled_from([1, 2, 7, 60, 3600]).map(lambda seconds: seconds * SECOND),
)
moments = st.tuples(
    st.integers(0, 3 * SECOND) | st.integers(0, 4000 * SECOND),  # since the one before
    st.integers(1, 400),  # wanted
    st.integers(0, 100_000) | st.integers(0, LONGEST_DELAY),  # how late a start may be
    st.floats(0, 1),  # how late, of that, it is
)


def most_in_a_window(starts: list[tuple[int, int]], period: int) -> int:
    starts = sorted(starts)
    most = total = first = 0
    for at, number in starts:
        total += number
        while starts[first][0] <= at - period:
            total -= starts[first][1]
            first += 1
        most = max(most, total)
    return most


@given(rate=rates, moments=st.lists(moments, max_size=60))
def test_no_window_has_more_starts_than_the_rate(
    rate: Rate, moments: list[tuple[int, int, int, float]]
) -> None:
    log: Log = []
    starts = []
    now = 1_800_000_000 * SECOND
    for passed, wanted, delay, lateness in moments:
        now += passed
        granted = min(wanted, rate.room(log, now))
        if granted:
            log = rate.add(log, now, granted, delay)
            starts.append((now + int(delay * lateness), granted))

        assert log == sorted(log)
        assert len(log) <= min(rate.count, EXACT) or rate.count > EXACT
        assert len(log) <= 4 * PARTS
    assert most_in_a_window(starts, rate.period) <= rate.count


@given(rate=rates, moments=st.lists(moments, max_size=40))
def test_rate_opens_when_it_says_and_no_sooner(
    rate: Rate, moments: list[tuple[int, int, int, float]]
) -> None:
    log: Log = []
    now = 0
    for passed, wanted, delay, _ in moments:
        now += passed
        if granted := min(wanted, rate.room(log, now)):
            log = rate.add(log, now, granted, delay)
        opens = rate.opens_at(log, now)

        assert opens >= now
        assert rate.room(log, opens) >= 1
        assert opens == now or rate.room(log, opens - 1) == 0


@given(
    rate=st.builds(Rate, st.integers(1, EXACT), st.just(SECOND)),
    waits=st.lists(st.integers(0, SECOND), max_size=100),
)
def test_small_rate_lets_everything_start_that_may(rate: Rate, waits: list[int]) -> None:
    log: Log = []
    starts: list[int] = []
    now = 0
    for wait in waits:
        now += wait
        may = sum(at > now - rate.period for at in starts) < rate.count

        assert bool(rate.room(log, now)) == may
        if may:
            log = rate.add(log, now, 1, 0)
            starts.append(now)


def test_large_rate_comes_close_to_its_number() -> None:
    rate = Rate(1000, SECOND)
    log: Log = []
    started = 0
    for now in range(0, 20 * SECOND, 2000):
        if granted := min(4, rate.room(log, now)):
            log = rate.add(log, now, granted, 0)
            started += granted

    assert 0.95 * 20_000 <= started <= 21_000


def test_clock_that_goes_back_allows_nothing_more() -> None:
    rate = Rate(2, SECOND)
    log = rate.add([], 10 * SECOND, 2, 0)

    assert rate.room(log, 9 * SECOND) == 0
    assert rate.opens_at(log, 9 * SECOND) == 11 * SECOND

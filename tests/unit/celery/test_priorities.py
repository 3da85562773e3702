"""Priorities on the wire."""

from __future__ import annotations

import pytest

from compat.celery.priorities import Levels

STEPS = (0, 3, 6, 9)
ALL = [
    Levels(high_first=True),
    Levels(high_first=True, normal=5, last=10),
    Levels(high_first=False, steps=STEPS),
    Levels(high_first=False, normal=3, steps=STEPS),
]


def served(levels: Levels, level: int | None) -> int:
    """Return in which order a broker serves a level, the first with the lowest number."""
    number = min(level or 0, levels.last)
    if levels.steps:
        number = max(step for step in levels.steps if step <= number)
    return -number if levels.high_first else number


@pytest.mark.parametrize("levels", ALL)
def test_higher_is_never_served_later(levels: Levels) -> None:
    order = [served(levels, levels.to_wire(priority)) for priority in range(100, -101, -1)]

    assert order == sorted(order)


@pytest.mark.parametrize("levels", ALL)
def test_levels_of_old_code_survive_the_way_to_django_and_back(levels: Levels) -> None:
    for level in range(levels.last + 1):
        again = levels.to_wire(levels.from_wire(level))
        assert served(levels, again) == served(levels, level)


@pytest.mark.parametrize(
    ("levels", "sent"),
    [
        (ALL[0], {100: 9, 50: 4, 1: 1, 0: None, -1: 0, -100: 0}),
        (ALL[1], {100: 10, 1: 6, 0: 5, -1: 4, -100: 0}),
        (ALL[2], {100: 0, 1: 0, 0: None, -1: 3, -50: 4, -100: 9}),
        (ALL[3], {100: 0, 1: 2, 0: 3, -1: 6, -100: 9}),
    ],
)
def test_the_slightest_priority_counts_where_the_broker_has_room(
    levels: Levels, sent: dict[int, int | None]
) -> None:
    assert {priority: levels.to_wire(priority) for priority in sent} == sent


@pytest.mark.parametrize("levels", ALL)
def test_message_without_priority_has_djangos_default(levels: Levels) -> None:
    assert levels.from_wire(None) == 0

"""Priorities on the wire."""

from __future__ import annotations

import pytest

from compat.celery.priorities import from_wire, to_wire


@pytest.mark.parametrize("high_first", [True, False])
def test_native_levels_survive_the_way_to_django_and_back(high_first: bool) -> None:
    for level in range(1, 10):
        assert to_wire(from_wire(level, high_first=high_first), high_first=high_first) == level


@pytest.mark.parametrize(
    ("priority", "amqp", "redis"),
    [(100, 9, 0), (50, 4, 0), (1, 0, 0), (0, None, None), (-1, 0, 0), (-50, 0, 4), (-100, 0, 9)],
)
def test_higher_is_never_served_later(priority: int, amqp: int | None, redis: int | None) -> None:
    assert to_wire(priority, high_first=True) == amqp
    assert to_wire(priority, high_first=False) == redis


def test_message_without_priority_has_djangos_default() -> None:
    assert from_wire(None, high_first=True) == from_wire(None, high_first=False) == 0

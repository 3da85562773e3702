"""Django's priorities (-100..100, high first) as brokers have them (0..9)."""

from __future__ import annotations

HIGHEST = 9


def to_wire(priority: int, *, high_first: bool) -> int | None:
    """Return a message's priority; None for Django's default, which sends none.

    AMQP serves high numbers first and Redis, like kombu's other transports, low ones. Either has
    levels on one side of its default only: what lies on the other side gets the nearest level.
    """
    if priority == 0:
        return None
    level = round((priority if high_first else -priority) * HIGHEST / 100)
    return min(max(level, 0), HIGHEST)


def from_wire(level: int | None, *, high_first: bool) -> int:
    """Return the Django priority of a message that old code sent."""
    priority = round((level or 0) * 100 / HIGHEST)
    return priority if high_first else -priority

"""Django's priorities (-100..100, high first) as brokers have them."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass

MOST = 100
HIGHEST = 9


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels that a queue has, from 0 to `last`.

    AMQP serves high numbers first, and Redis low ones. `normal` is the level of a message that old
    code sends without a thought: task_default_priority, or else 0, which is the last to be served
    on AMQP and the first on Redis. On either there is nothing beyond it then.
    """

    high_first: bool
    normal: int | None = None
    last: int = HIGHEST
    # Redis tells only these levels apart, each with the levels up to the next.
    steps: tuple[int, ...] = ()

    def to_wire(self, priority: int) -> int | None:
        """Return a message's level; for Django's default that of messages that say none."""
        if priority == 0:
            return self.normal
        end = self._end(priority > 0)
        level = self._start + round((end - self._start) * min(abs(priority), MOST) / MOST)
        if self._served_with(level) != self._served_with(self._start):
            return level
        return self._next(end)

    def from_wire(self, level: int | None) -> int:
        """Return the Django priority of a message that old code sent."""
        if level is None or self._served_with(level) == self._served_with(self._start):
            return 0
        higher = (level > self._start) is self.high_first
        end = self._end(higher)
        share = min(abs(level - self._start) / max(abs(end - self._start), 1), 1)
        return round(MOST * share) * (1 if higher else -1)

    @property
    def _start(self) -> int:
        return min(self.normal or 0, self.last)

    def _end(self, higher: bool) -> int:
        return self.last if higher is self.high_first else 0

    def _next(self, end: int) -> int:
        """Return the level next to the normal one that is served apart from it; end without any."""
        towards = range(self._start, end, 1 if end > self._start else -1)
        apart = self._served_with(self._start)
        return next((level for level in towards if self._served_with(level) != apart), end)

    def _served_with(self, level: int) -> int:
        level = min(max(level, 0), self.last)
        return self.steps[max(bisect(self.steps, level) - 1, 0)] if self.steps else level


def from_wire(level: int | None, *, high_first: bool) -> int:
    """Return the Django priority of a level from 0 to 9, whatever queue it is for."""
    return Levels(high_first=high_first).from_wire(level)

"""Whether one more task may start under a rate, and when: a log of starts that stays short."""

from __future__ import annotations

from dataclasses import dataclass

Log = list[list[int]]
"""Starts as [time, how many], the oldest first; none is dated before it happens."""

EXACT = 64
"""A rate of no more starts than this keeps the time of each."""

PARTS = 64
"""A larger one keeps how many there were in each part of its period, dated at the end of it."""

LONGEST_DELAY = 10_000_000
"""Microseconds by which a start may follow its grant at most."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` starts in any `period`. Times are microseconds by one clock."""

    count: int
    period: int

    def room(self, log: Log, now: int) -> int:
        """Return how many may start now."""
        return max(0, self.count - sum(number for at, number in log if at > now - self.period))

    def opens_at(self, log: Log, now: int) -> int:
        """Return when one more may start, which may be now."""
        free = self.count
        for at, number in reversed(log):
            free -= number
            if free <= 0:
                return max(now, at + self.period)
        return now

    def delay(self, least: int) -> int:
        """Return how long a start may take: a hundredth of the period, where that is longer.

        A task that was not in time has used up a start, which matters where there are few.
        """
        return min(LONGEST_DELAY, max(least, self.period // 100))

    def add(self, log: Log, now: int, number: int, delay: int) -> Log:
        """Return the log with `number` more starts, each of them `delay` from now at the latest.

        A start counts from that moment on, so it may happen at any time before. Check the room
        first.
        """
        kept = [[at, many] for at, many in log if at > now - self.period]
        at = self._dated(now + delay, delay)
        index = len(kept)
        while index and kept[index - 1][0] > at:
            index -= 1
        if index and kept[index - 1][0] == at:
            kept[index - 1][1] += number
        else:
            kept.insert(index, [at, number])
        return kept

    def _dated(self, at: int, delay: int) -> int:
        if self.count <= EXACT:
            return at
        # The parts of each size are made of those of the next smaller one, so that delays of any
        # length share their dates, and the log has its bound.
        part = max(1, self.period // PARTS)
        while part * 8 < delay:
            part *= 2
        return at + -at % part

"""How many tasks a process takes at once: by how long they took so far."""

from __future__ import annotations

HORIZON = 0.1
"""A process holds no more tasks than it can start within so many seconds."""

MOST = 100
"""And no more than this."""

WEIGHT = 0.2
"""How much the last task counts in the average."""


class Pace:
    """The average time of a task, in seconds, and what follows from it."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        # Nothing is known before the first task ends: take as many as can start at once.
        self.average: float | None = None

    def learn(self, seconds: float) -> None:
        """Take note of how long a task took."""
        before = seconds if self.average is None else self.average
        self.average = before + WEIGHT * (seconds - before)

    def ahead(self, still: float = 0.0, *, within: float = HORIZON) -> int:
        """Return how many tasks may wait in this process for a free thread.

        They start `within` so many seconds. `still` is for how many seconds no thread has become
        free: those that run take at least so long.
        """
        seconds = within if self.average is None else max(self.average, still)
        if seconds >= within:
            return 0
        return min(MOST, int(self.at_once * within / max(seconds, 1e-6)))

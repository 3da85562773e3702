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
        # Nothing is known yet: take as many as can start at once.
        self.average = HORIZON

    def learn(self, seconds: float) -> None:
        """Take note of how long a task took."""
        self.average += WEIGHT * (seconds - self.average)

    def ahead(self, longest: float = 0.0) -> int:
        """Return how many tasks may wait in this process for a free thread.

        `longest` is for how many seconds the oldest running task has been running: while it is
        running nobody knows how long it takes, but it is at least so much.
        """
        seconds = max(self.average, longest)
        if seconds >= HORIZON:
            return 0
        return min(MOST, max(1, int(self.at_once * HORIZON / max(seconds, 1e-6))))

"""How often children may die before their worker gives up."""

from __future__ import annotations

from collections import deque

MAX_CRASHES = 20
WINDOW = 60.0
FIRST_WAIT = 0.1
LONGEST_WAIT = 2.0


class Crashes:
    """The deaths of one minute; times are seconds of any clock that only goes forward."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque()

    def count(self, now: float) -> float:
        """Count a death and return how many seconds to wait before another child starts.

        The first is replaced at once: one bad task is no reason to be slow.
        """
        self._recent.append(now)
        while self._recent[0] <= now - WINDOW:
            self._recent.popleft()
        deaths = len(self._recent)
        return 0.0 if deaths == 1 else min(FIRST_WAIT * 2 ** (deaths - 2), LONGEST_WAIT)

    @property
    def too_many(self) -> bool:
        """Say whether another start would be a waste."""
        return len(self._recent) >= MAX_CRASHES

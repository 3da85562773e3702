"""Which lanes to ask for tasks that wait for a limit, and when: a child process's own memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, nsmallest
from uuid import UUID

from bridge.ledger.entrance import Shut
from bridge.ledger.lanes import MOST, Visit
from bridge.ledger.rates import LONGEST_DELAY
from bridge.worker.post import Post

Rank = tuple[int, UUID]
"""The priority, turned round, and the id of the first row that was seen in a lane."""

BUSY = 0.01
"""Seconds after which a lane is asked again that another worker was asking: longer each time that
there was nothing to get, an interval at most."""

LONGEST_WAIT = 60.0
"""Seconds after which a lane is asked even if its rate does not allow a start: tasks expire."""

SHORTEST, LONGEST = 0.05, LONGEST_DELAY / 1_000_000
"""Seconds that a task under a rate has to start. Two thirds are for what nobody can measure:
between the last look at the clock and the first line of the function."""

LEAST = 4
"""How many rows a visit may take after one that took few."""

REST = 9
"""Surveys take one part of the time to this many of rest, however many lanes there are."""


@dataclass(frozen=True, slots=True)
class _Wait:
    rank: Rank
    until: float
    key: str | None
    soon: bool


class Delay:
    """How long after a claim the tasks under a rate may start: longer where the database is far."""

    def __init__(self) -> None:
        self.seconds = SHORTEST

    def learn(self, seconds: float) -> None:
        """Take note of how long a claim took."""
        self.seconds = min(LONGEST, max(SHORTEST, seconds * 6, self.seconds * 0.9))

    def lengthen(self) -> None:
        """Take note that a task could not start in time."""
        self.seconds = min(LONGEST, self.seconds * 2)


class Rounds:
    """Knows the lanes in which rows wait, those that are shut, and when each is asked again.

    One round reads the first row of every lane, a bounded number at a time, and asks those that
    may be open, the most urgent first. While there are rows that nothing holds up no lane is read
    again. `served` says which of some queues this process serves.
    """

    def __init__(
        self, post: Post, served: Callable[[Sequence[str]], tuple[str, ...]], interval: float
    ) -> None:
        self._post = post
        self._served = served
        self._interval = interval
        # Where the round goes on, None when there is none.
        self._after: str | None = None
        self._survey_at = 0.0
        self._open: dict[str, Rank] = {}
        self._waits: dict[str, _Wait] = {}
        self._agenda: list[tuple[float, str]] = []
        self._shut_by: dict[str, set[str]] = {}
        self._delay = Delay()
        # No more are read than may probably start.
        self._appetite = LEAST
        self._patience = BUSY

    def begin(self) -> None:
        """Take note that there are rows in lanes: read them all, unless that goes on already."""
        if self._after is None:
            self._after = ""

    def ended(self, keys: Iterable[str]) -> None:
        """Take note that a task under these limits has ended here: ask at once who is next."""
        for key in keys:
            for lane in self._shut_by.pop(key, ()):
                if (wait := self._waits.get(lane)) is not None and wait.key == key:
                    self._open[lane] = self._waits.pop(lane).rank

    @property
    def due(self) -> bool:
        """Say whether it is time to ask."""
        return bool(self._open) or self.rest <= 0

    @property
    def rest(self) -> float:
        """Return for how many seconds there is nothing to ask."""
        if self._open:
            return 0.0
        at = math.inf if self._after is None else self._survey_at
        while self._agenda and not self._is_current(*self._agenda[0]):
            heappop(self._agenda)
        if self._agenda:
            at = min(at, self._agenda[0][0])
        return max(0.0, at - time.monotonic())

    @property
    def dry(self) -> bool:
        """Say whether nothing waits here but for rates that do not open within an interval."""
        soon = time.monotonic() + self._interval
        return (
            self._after is None
            and not self._open
            and not any(wait.soon or wait.until <= soon for wait in self._waits.values())
        )

    def claim(self, limit: int) -> Visit | None:
        """Claim up to `limit` rows from lanes that may be open; None when there are none.

        This is one step: a survey at most, and a visit.
        """
        self._get_up()
        if (
            self._after is not None
            and len(self._open) < MOST
            and time.monotonic() >= self._survey_at
        ):
            self._survey(self._after)
        lanes = nsmallest(MOST, self._open, key=self._open.__getitem__)
        if not lanes:
            return None
        visit = self._post.visit(lanes, min(limit, self._appetite), self._delay.seconds)
        self._appetite = max(LEAST, 2 * len(visit.rows))
        self._patience = BUSY if visit.rows else min(self._interval, 2 * self._patience)
        if visit.start_by:
            self._delay.learn(time.monotonic() - visit.asked_at)
        for lane in lanes:
            if lane in visit.shut:
                self._shut(lane, visit.shut[lane])
            elif lane in visit.busy:
                self._wait(lane, self._patience, soon=True)
            elif lane in visit.empty:
                del self._open[lane]
        return visit

    def missed(self) -> None:
        """Take note that a task was too late to start under its rate: allow more time."""
        self._delay.lengthen()

    def _survey(self, after: str) -> None:
        begun = time.monotonic()
        survey = self._post.survey(after)
        self._after = survey.after
        served = set(self._served([head.queue for head in survey.heads if not head.paused]))
        for head in survey.heads:
            if head.queue in served and not head.paused and head.lane not in self._waits:
                self._open[head.lane] = (-head.priority, head.id)
        now = time.monotonic()
        self._survey_at = now + (now - begun) * REST

    def _get_up(self) -> None:
        now = time.monotonic()
        while self._agenda and self._agenda[0][0] <= now:
            until, lane = heappop(self._agenda)
            if not self._is_current(until, lane):
                continue
            wait = self._waits.pop(lane)
            self._open[lane] = wait.rank
            if wait.key is not None and (others := self._shut_by.get(wait.key)):
                others.discard(lane)
                if not others:
                    del self._shut_by[wait.key]

    def _shut(self, lane: str, shut: Shut) -> None:
        if shut.seconds is None:
            self._wait(lane, self._interval, soon=True, key=shut.key)
        else:
            self._wait(lane, min(shut.seconds, LONGEST_WAIT), key=shut.key)

    def _wait(
        self, lane: str, seconds: float, *, soon: bool = False, key: str | None = None
    ) -> None:
        until = time.monotonic() + seconds
        self._waits[lane] = _Wait(self._open.pop(lane), until, key, soon)
        heappush(self._agenda, (until, lane))
        if key is not None:
            self._shut_by.setdefault(key, set()).add(lane)

    def _is_current(self, until: float, lane: str) -> bool:
        wait = self._waits.get(lane)
        return wait is not None and wait.until == until

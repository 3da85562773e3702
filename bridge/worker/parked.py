"""Endings that cannot be stored now, because somebody else keeps what they need locked."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from bridge.worker.post import Delivery

SOON = 0.1
"""Seconds until they are tried again, at least."""

REST = 9
"""Tries take one part of the time to this many of rest: some locks can only be waited for."""


class Parked:
    """What a child process has to store and cannot, and when it tries again."""

    def __init__(self) -> None:
        self._deliveries: list[Delivery] = []
        self._due = math.inf

    def __len__(self) -> int:
        return len(self._deliveries)

    def put(self, deliveries: Iterable[Delivery]) -> None:
        """Keep these for a later try."""
        self._deliveries += deliveries
        if self._deliveries and self._due == math.inf:
            self._due = time.monotonic() + SOON

    def joined(self, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """Keep those that count down a batch which others here wait for; return the rest."""
        batches = {batch_of(each) for each in self._deliveries} - {None}
        if not batches:
            return list(deliveries)
        apart: dict[bool, list[Delivery]] = {True: [], False: []}
        for each in deliveries:
            apart[batch_of(each) in batches].append(each)
        self.put(apart[True])
        return apart[False]

    def take(self) -> list[Delivery]:
        """Hand out everything that is to be tried again now."""
        if time.monotonic() < self._due:
            return []
        taken, self._deliveries = self._deliveries, []
        self._due = math.inf
        return taken

    def tried(self, seconds: float) -> None:
        """Take note of how long a try took after which something is here again."""
        if self._deliveries:
            self._due = time.monotonic() + max(SOON, seconds * REST)

    @property
    def rest(self) -> float:
        """Return for how many seconds there is nothing to try."""
        return max(0.0, self._due - time.monotonic())


def batch_of(delivery: Delivery) -> object:
    """Return the batch that an ending counts down, None when there is none."""
    consequences = delivery[1].consequences
    return None if consequences is None else consequences.batch_id

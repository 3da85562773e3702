"""Where there is something to claim, and when to look again."""

from __future__ import annotations

import time

from bridge.worker.options import WorkerOptions
from bridge.worker.post import Post
from bridge.worker.rounds import Rounds
from bridge.worker.turns import Turns

SOON = 0.06
"""Seconds after the last task at which a worker looks once more: a notification may have been
held back, because the one before it was less than 50 ms ago."""


class Scout:
    """What one child process knows of the queues it serves."""

    def __init__(self, post: Post, options: WorkerOptions) -> None:
        self._post = post
        self._interval = options.interval
        self._turns = Turns(options.queues, options.weights, options.exclude)
        self._known: tuple[str, ...] = ()
        self._hungry = False
        self._guess = False
        self._next_look = 0.0
        self._fed_at = time.monotonic()
        self.dry = False
        self.rounds = Rounds(post, self._turns.served, options.interval)

    def groups(self, *, anyway: bool = False) -> list[tuple[str, ...]]:
        """Return the queues to claim from, group by group; none when nothing seems to be there.

        With `anyway` return those where there was something when there last was.
        """
        if time.monotonic() >= self._next_look:
            self._look()
        return self._turns.groups(self._known) if self._hungry or anyway else []

    def heard(self) -> None:
        """Take note that there may be new tasks."""
        if self._hungry:
            return
        if self._post.means_tasks and self._known:
            # Probably where there last was something; to look first would be one more round trip.
            self._hungry = self._guess = True
        else:
            self._next_look = 0.0

    def stirred(self) -> None:
        """Take note that tasks have ended here: one may have to run again."""
        self.dry = False
        if not self._hungry:
            self._next_look = min(self._next_look, time.monotonic() + SOON)

    def found(self, count: int, wanted: int) -> None:
        """Take note how many tasks there were of those that were wanted."""
        now = time.monotonic()
        if count:
            self._fed_at = now
        if count < wanted:
            wait = 0 if self._guess and not count else SOON
            self._hungry = False
            self._next_look = min(self._next_look, now + wait)
        self._guess = False

    def fed(self) -> None:
        """Take note that there was something to do."""
        self._fed_at = time.monotonic()

    @property
    def rest(self) -> float:
        """Return for how many seconds nothing needs to be looked at."""
        return max(0.0, self._next_look - time.monotonic())

    @property
    def idle(self) -> float:
        """Return for how many seconds there has been nothing to do."""
        return time.monotonic() - self._fed_at

    def _look(self) -> None:
        look = self._post.look()
        least = 0.0
        if look.next_due is not None and look.next_due <= 0:
            if not self._post.wake():
                least = SOON  # somebody else has locked them, and may take long
            look = self._post.look()
        if look.limited:
            self.rounds.begin()
        self._known = look.queues or self._known
        self._hungry = bool(self._turns.served(look.queues))
        self.dry = not self._hungry and (look.next_due is None or look.next_due > 0)
        # More may be due at once than one wake() takes: then look again without a rest.
        rest = self._interval if look.next_due is None else max(least, look.next_due)
        self._next_look = time.monotonic() + min(rest, self._interval)

"""Carries outcomes to the ledger and tasks from it: the only thread that talks to it."""

from __future__ import annotations

import math
import signal
import time
from uuid import UUID

from bridge.ledger import ending
from bridge.ledger.lanes import Visit
from bridge.ledger.models import TaskRow
from bridge.worker.announcer import Announcer
from bridge.worker.fatal import ending_the_process
from bridge.worker.floor import Floor
from bridge.worker.held import Held
from bridge.worker.marks import Marks
from bridge.worker.memory import resident_mib
from bridge.worker.options import WorkerOptions
from bridge.worker.pace import HORIZON, Pace
from bridge.worker.parked import Parked
from bridge.worker.post import Answer, Delivery, Post
from bridge.worker.runner import report_dropped
from bridge.worker.scout import Scout
from bridge.worker.transactional import take_note

LINGER = 0.005
"""Seconds an outcome may wait for others to share its commit, while there is work to do."""

LOOK_UP = 1.0
"""Seconds between two looks at what comes up next, while a suspect waits for others to end."""

AT_ONCE = 0.01
"""Seconds within which a task under a limit is to start after it was claimed."""

WEIGH = 0.25
"""Seconds between two looks at the memory of this process."""


class Courier:
    """Keeps the floor of one child process supplied, and stores what has ended there."""

    def __init__(
        self,
        options: WorkerOptions,
        post: Post,
        scout: Scout,
        floor: Floor,
        marks: Marks,
        announcer: Announcer,
    ) -> None:
        self._options = options
        self._post = post
        self._scout = scout
        self._rounds = scout.rounds
        self._floor = floor
        self._marks = marks
        self._announcer = announcer
        self._pace = Pace(floor.at_once)
        # By claim: a row that others took for lost can be claimed again while it still runs here.
        self._held: dict[tuple[UUID, int], Held] = {}
        self._slots = list(range(marks.slots))
        self._returns: list[Held] = []
        # Ended, and others keep their rows locked: held, but in nobody's way.
        self._parked = Parked()
        self._accepted = 0
        # Did a task whose worker died before come up? Then one at a time, with no neighbours.
        self._alone = False
        self._look_up_at = 0.0
        # Is it the turn of the lanes? Then no other task is claimed before their next visit.
        self._lanes_next = True
        self._weigh_at = 0.0
        self._stopping = False
        self.recycle = False
        # Is nothing left here but tasks that ran past their hard timeout?
        self.stuck = False

    def main(self) -> None:
        """Work until told to stop."""
        with ending_the_process():
            while not self._done():
                self._round()

    def _round(self) -> None:
        self._retire()
        self._forget()
        # Written by the interpreter itself, even while a task body holds up the main thread.
        if signal.SIGTERM in self._floor.bell.hush():
            self._stopping = True
        if self._stopping or self._floor.still >= HORIZON:
            # Nobody here starts them soon: let them go to a worker that does.
            self._returns += self._floor.take_back()
        self._linger()
        self._try_parked()
        ended = self._collect()
        room = self._room(len(ended))
        if room and self._lanes_next and self._frees_lanes(ended):
            room = 0  # threads become free for them first
        # What ends is stored in a commit of its own or with a claim; the claim is nearly free.
        groups = self._scout.groups(anyway=bool(ended)) if room else []
        busy = bool(ended or self._returns or groups)
        if busy:
            self._exchange(ended, groups, room)
        soon = self._soon()
        if not (soon and self._ask_lanes(soon)) and not busy:
            rest = self._scout.rest if room else self._options.interval
            self._rest(min(rest, self._rounds.rest) if soon else rest)

    def _collect(self) -> list[Held]:
        ended = self._floor.collect()
        late = [held for held in ended if held.outcome is None]
        if not late:
            return ended
        self._rounds.missed()
        self._returns += late
        return [held for held in ended if held.outcome is not None]

    def _frees_lanes(self, ended: list[Held]) -> bool:
        return self._rounds.due or any(held.row.lane for held in ended)

    def _ask_lanes(self, most: int) -> bool:
        """Claim what waited for a limit; say whether there was anything to ask."""
        if not self._rounds.due:
            return False
        visit = self._rounds.claim(most)
        if visit is not None and visit.rows:
            self._lanes_next = False
            self._scout.fed()
            self._accept(visit.rows, visit)
        return True

    def _linger(self) -> None:
        if self._floor.ended:
            with self._floor.sleep() as may:
                if may:
                    self._floor.bell.wait(LINGER)

    def _rest(self, seconds: float) -> None:
        if self._floor.waiting:
            seconds = min(seconds, LINGER * 4)
        with self._floor.sleep() as may:
            seconds = min(seconds, self._parked.rest)
            if may and self._post.wait(self._floor.bell.fd, seconds, self._scout.idle):
                self._scout.heard()

    @property
    def _unstored(self) -> int:
        """Return for how many of the tasks here something can be done."""
        return len(self._held) - len(self._parked)

    def _done(self) -> bool:
        if self._floor.ended:
            return False
        if self._held:
            self.stuck = self._stopping and self._held.keys() <= self._marks.late()
            return self.stuck
        return self._stopping or (self._options.batch and self._scout.dry and self._rounds.dry)

    def _room(self, ended: int) -> int:
        """Return how many tasks to claim."""
        if self._stopping:
            return 0
        unrun = self._unstored - ended - self._floor.ended - len(self._returns)
        if self._alone:
            # Somebody else may have taken it meanwhile: see now and then what comes up next.
            looks_up = unrun < self._floor.at_once and time.monotonic() >= self._look_up_at
            return 1 if looks_up or not unrun else 0
        ahead = self._pace.ahead(self._floor.still)
        self._floor.enough = max(1, ahead // 2)
        if self._floor.waiting > ahead // 2:
            return 0
        room = min(self._floor.at_once + ahead - unrun, len(self._slots))
        if self._options.max_tasks is not None:
            room = min(room, self._options.max_tasks - self._accepted)
        return max(0, room)

    def _soon(self) -> int:
        """Return how many tasks under limits to claim: as many as start almost at once.

        A place that is taken should be used, and a rate counts tasks from their claim.
        """
        if self._stopping or (self._alone and self._unstored):
            return 0
        ahead = self._pace.ahead(self._floor.still, within=AT_ONCE)
        if self._floor.waiting > ahead // 2:
            return 0
        wanted = self._floor.at_once + ahead - self._unstored + self._floor.ended
        room = 1 if self._alone else min(wanted, len(self._slots))
        if self._options.max_tasks is not None:
            room = min(room, self._options.max_tasks - self._accepted)
        return max(0, room)

    def _exchange(self, ended: list[Held], groups: list[tuple[str, ...]], room: int) -> None:
        deliveries: list[Delivery] = [(held, ending.release(held.row)) for held in self._returns]
        self._accepted -= len(self._returns)
        self._returns = []
        stored: list[Delivery] = []
        for held in ended:
            self._pace.learn(held.seconds)
            if held.stored is None:
                deliveries.append((held, held.ending()))
            else:
                stored.append((held, take_note(held.row, held.stored)))
        first, *others = groups or [()]
        deliveries = self._parked.joined(deliveries)
        answer = self._post.exchange(deliveries, first, room if groups else 0)
        rows = answer.rows
        for group in others:
            if len(rows) < room:
                rows += self._post.exchange([], group, room - len(rows)).rows
        answer.kept += stored
        self._settle([*deliveries, *stored], answer)
        if groups:
            self._scout.found(len(rows), room)
            self._lanes_next = self._lanes_next or bool(rows)
            self._accept(rows)
        self._forget()

    def _forget(self) -> None:
        self._post.forget(lambda row: (row.id, row.token) in self._held)

    def _try_parked(self) -> None:
        if deliveries := self._parked.take():
            begun = time.monotonic()
            self._settle(deliveries, self._post.retry(deliveries))
            self._parked.tried(time.monotonic() - begun)

    def _settle(self, deliveries: list[Delivery], answer: Answer) -> None:
        if answer.locked:
            self._parked.put(answer.locked)
            locked = {id(held) for held, _ in answer.locked}
            deliveries = [each for each in deliveries if id(each[0]) not in locked]
        if deliveries:
            self._scout.stirred()
        for held, _ in deliveries:
            del self._held[held.row.id, held.row.token]
            self._marks.clear(held.slot)
            self._slots.append(held.slot)
            if held.row.limits:
                self._rounds.ended(key for key, *_ in held.row.limits.values())
        stored = {id(held) for held, _ in answer.kept}
        for held, _ in deliveries:
            if held.outcome is not None and id(held) not in stored:
                report_dropped(held.row)
        self._announcer.put(
            [
                (held.row, held.outcome)
                for held, how in answer.kept
                if how.final and held.outcome is not None
            ]
        )

    def _accept(self, rows: list[TaskRow], visit: Visit | None = None) -> None:
        suspects = [index for index, row in enumerate(rows) if row.losses]
        trusted = len(rows)
        if suspects and (self._unstored or len(rows) > 1):
            trusted = suspects[0]
        self._alone = bool(suspects)
        self._look_up_at = time.monotonic() + LOOK_UP
        for index, row in enumerate(rows):
            held = Held(row, self._slots.pop())
            if visit is not None:
                held.start_by = visit.start_by.get(row.id, math.inf)
            self._held[row.id, row.token] = held
            self._accepted += 1
            if index < trusted:
                self._floor.put(held)
            else:
                self._returns.append(held)

    def _retire(self) -> None:
        """Stop, to be replaced, once this process has run its share or has grown too big."""
        most = self._options.max_tasks
        spent = most is not None and self._accepted >= most and not self._held
        if self._options.max_rss is not None and time.monotonic() >= self._weigh_at:
            self._weigh_at = time.monotonic() + WEIGH
            spent = spent or resident_mib() > self._options.max_rss
        if spent and not self._stopping:
            self._stopping = self.recycle = True

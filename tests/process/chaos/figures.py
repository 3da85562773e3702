"""What a storm did, in numbers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from tests.process.chaos.audit import FINAL, Audit
from tests.process.chaos.fleet import CHILD, Fleet
from tests.process.chaos.journal import ENDED, STARTED


class Figures:
    """Counts of tasks, kills and repetitions, and seconds until the workers had recovered."""

    def __init__(self, audit: Audit, fleet: Fleet, restarts: Sequence[float], began: float) -> None:
        self.seconds = time.monotonic() - began
        self._audit = audit
        self._fleet = fleet
        stories = audit.stories
        self.tasks = len(stories)
        self.statuses = Counter(story.row["status"] for story in stories)
        self.kills = Counter(kill.kind for kill in fleet.kills)
        self.ended_by_themselves = list(fleet.ended_by_themselves)
        self.lost = len(audit.calls) - sum(self.statuses[status] for status in FINAL)
        self.double = sum(
            len(started) - len(set(started))
            for story in stories
            if story.call.at_most_once and (started := story.attempts(STARTED))
        )
        self.losses = sum(story.row["losses"] for story in stories)
        self.lost_at_most_once = sum(s.call.at_most_once and s.row["losses"] for s in stories)
        self.lost_unstarted = sum(
            attempt not in story.attempts(STARTED)
            for story in stories
            for attempt in story.attempts_lost
        )
        self.lost_finished = sum(
            attempt in story.attempts(ENDED) for story in stories for attempt in story.attempts_lost
        )
        self.repeated = sum(
            attempt in story.attempts(STARTED)
            for story in stories
            if not story.call.at_most_once
            for attempt in story.attempts_lost
        )
        self.children_replaced = list(self._until_replaced())
        self.families_settled = list(self._until_settled())
        self.back_after_restart = list(self._until_work(restarts))

    def _until_replaced(self) -> Iterator[float]:
        """Seconds from the death of a child to the first task of its successor."""
        for kill in self._fleet.kills:
            later = [
                record.at - kill.at
                for record in self._audit.records
                if record.parent == kill.supervisor
                and record.at > kill.at
                and record.pid not in kill.family
            ]
            if kill.kind == CHILD and later:
                yield min(later)

    def _until_settled(self) -> Iterator[float]:
        """Seconds from the death of a supervisor to the last of its tasks that failed of it."""
        to_monotonic = time.monotonic() - time.time()
        for kill in self._fleet.kills:
            ends = [
                datetime.fromisoformat(story.row["finished_at"]).timestamp() + to_monotonic
                for story in self._audit.stories
                if len(story.row["worker_ids"]) in story.attempts_lost
                and story.row["status"] == "FAILED"
                and _last_pid(story.row) in kill.pids
            ]
            if kill.kind != CHILD and ends:
                yield max(ends) - kill.at

    def _until_work(self, restarts: Sequence[float]) -> Iterator[float]:
        """Seconds from the return of the database to the next task that started."""
        starts = [record.at for record in self._audit.records if record.moment == STARTED]
        for back in restarts:
            yield min((at - back for at in starts if at > back), default=0.0)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Return what to print: a name and a value."""
        yield "tasks", f"{self.tasks} ({_counted(self.statuses)}) in {self.seconds:.0f} s"
        yield "kills", f"{self.kills.total()} ({_counted(self.kills)})"
        yield "workers that gave up", str(self.ended_by_themselves)
        yield "lost", str(self.lost)
        yield "double runs of at-most-once tasks", str(self.double)
        yield "attempts a kill ended", f"{self.losses}, {self.lost_at_most_once} at most once"
        yield "  of them never started", str(self.lost_unstarted)
        yield "  of them ended, outcome unstored", str(self.lost_finished)
        yield "at-least-once attempts repeated", str(self.repeated)
        yield "child replaced and working", _spread(self.children_replaced)
        yield "tasks of a dead worker settled", _spread(self.families_settled)
        yield "working after the database was back", _spread(self.back_after_restart)


def _last_pid(row: dict[str, list[str]]) -> int:
    return int(row["worker_ids"][-1].rpartition(":")[2])


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "-"
    middle = sorted(values)[len(values) // 2]
    return f"median {middle:.2f} s, longest {max(values):.2f} s ({len(values)} times)"

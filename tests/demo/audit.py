"""What was sent, by whom, and what the shop's own audit rows say about it."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from .shop import Pair

# Sent by a task and not by the caller: proves nothing about who ran whose messages.
FOLLOW_UPS = frozenset({"warehouse.notified", "email.sent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How much of the work that was sent ran once, more often, or never."""

    sent: int = 0
    run: int = 0
    twice: int = 0
    lost: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            sent=self.sent + other.sent,
            run=self.run + other.run,
            twice=self.twice + other.twice,
            lost=self.lost + other.lost,
        )

    @property
    def exact(self) -> bool:
        """Tell whether something was sent, and all of it ran exactly once."""
        return self == Count(sent=self.sent, run=self.sent) and self.sent > 0


@dataclass(slots=True, kw_only=True)
class Audit:
    """The batches sent so far, by label, read against the shop's database."""

    database: Path
    batches: dict[str, list[Pair]] = field(default_factory=dict)

    def runs(self) -> list[tuple[str, str, str]]:
        """Return (kind, reference, worker) of every run, from the shop's table."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT kind, reference, worker FROM audit_entry").fetchall()

    def missing(self, label: str) -> list[Pair]:
        """Return what a batch must still cause."""
        done = {run[:2] for run in self.runs()}
        return [pair for pair in self.batches[label] if pair not in done]

    def count(self, pairs: list[Pair]) -> Count:
        times = Counter(run[:2] for run in self.runs())
        return Count(
            sent=len(pairs),
            run=sum(pair in times for pair in pairs),
            twice=sum(times[pair] > 1 for pair in pairs),
            lost=sum(pair not in times for pair in pairs),
        )

    def by_kind(self, label: str) -> Counter[tuple[str, str]]:
        """Count the runs of a batch by (kind, worker)."""
        pairs = set(self.batches[label])
        return Counter(
            (kind, worker) for kind, reference, worker in self.runs() if (kind, reference) in pairs
        )

    def ran(self, label: str, worker: str) -> int:
        """Count the runs of a batch by one worker."""
        return sum(number for (_, by), number in self.by_kind(label).items() if by == worker)

    def crossed(self, label: str, worker: str) -> int:
        """Count the runs by one worker of what the batch's caller sent itself."""
        return sum(
            number
            for (kind, by), number in self.by_kind(label).items()
            if by == worker and kind not in FOLLOW_UPS
        )

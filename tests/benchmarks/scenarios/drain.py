"""One worker on a full queue of tasks that do nothing."""

from __future__ import annotations

from functools import partial

from ..drain import drain
from ..run import Run

QUESTION = "Drain no-op tasks on PostgreSQL (brokers: on Redis), 1 or 4 at a time"
COLUMNS = ("rate", "cpu_ms", "db_cpu_ms", "commits", "wal")
KIND = "postgresql"


def play(run: Run) -> None:
    """Measure everybody."""
    for concurrency, rounds in ((1, run.rounds), (4, run.rounds if run.full else 1)):
        for number, peer in run.interleave(run.on(KIND), rounds):
            call = partial(drain, concurrency=concurrency, seconds=run.seconds)
            run.measure("drain", f"c{concurrency}", peer, KIND, number, call)

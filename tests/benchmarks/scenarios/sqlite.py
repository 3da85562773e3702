"""A queue in a file."""

from __future__ import annotations

from functools import partial

from ..drain import drain
from ..run import Run

QUESTION = "Drain on SQLite (write-ahead log, synchronous=NORMAL), concurrency 1"
COLUMNS = ("rate", "cpu_ms")
KIND = "sqlite"
QUICK = ("bridge", "django-ox", "django-tasks-db")


def play(run: Run) -> None:
    """Measure those who can use SQLite."""
    peers = run.on(KIND, *(() if run.full else QUICK))
    for number, peer in run.interleave(peers, run.rounds if run.full else 1):
        call = partial(drain, concurrency=1, seconds=run.seconds)
        run.measure("sqlite", "c1", peer, KIND, number, call)

"""A worker that lives for long."""

from __future__ import annotations

from functools import partial

from ..peers import OURS
from ..records import Metrics
from ..run import Run
from ..stage import Stage

QUESTION = "Our worker's resident memory while it runs many tasks, on PostgreSQL"
COLUMNS = ("tasks", "first_mib", "last_mib", "growth")
KIND = "postgresql"
PARTS = 10


def play(run: Run) -> None:
    """Measure us."""
    for peer in run.on(KIND, OURS.name):
        call = partial(grow, count=200_000 if run.full else 10_000)
        run.measure("memory", "c4", peer, KIND, 0, call)


def grow(stage: Stage, count: int) -> Metrics:
    """Return how the memory after the last tenth compares with that after the first."""
    sizes = []
    part = count // PARTS
    with stage.worker(4) as worker, stage.producer() as producer:
        stage.warm(worker, producer)
        for _ in range(PARTS):
            first, last = stage.label(), stage.label()
            producer.ask("fill", part, first, last)
            stage.seen(worker, last, 60 + part / 100)
            stage.finished(60)
            sizes.append(worker.rss() / 2**20)
    parts = {f"mib_{number}": size for number, size in enumerate(sizes, 1)}
    growth = sizes[-1] / sizes[0]
    return {"tasks": count, "first_mib": sizes[0], "last_mib": sizes[-1], "growth": growth, **parts}

"""A table full of rows that must not be in the way."""

from __future__ import annotations

from functools import partial

from ..drain import drain
from ..records import Metrics
from ..run import Run
from ..stage import Stage

QUESTION = "Drain on PostgreSQL, concurrency 1, among rows that cannot run"
COLUMNS = ("rate", "cpu_ms", "db_cpu_ms", "commits", "crowd")
KIND = "postgresql"
CROWDS = {"clean": 0, "deferred": 100_000, "parked": 100_000, "finished": 1_000_000}
QUICK = ("bridge",)
FULL = (
    "bridge",
    "limit",
    "django-tasks-db",
    "django-ox",
    "procrastinate",
    "django-taskq",
)


def play(run: Run) -> None:
    """Measure us, and in full mode those peers that keep such rows in the table they claim from."""
    peers = run.on(KIND, *(FULL if run.full else QUICK))
    for number, peer in run.interleave(peers, 2):
        for crowd, full_size in CROWDS.items():
            if crowd == "finished" and peer.name == "django-taskq":
                continue  # it deletes what is finished
            size = full_size if run.full else full_size // 4
            call = partial(among, crowd=crowd, size=size, seconds=run.seconds)
            run.measure("crowded", crowd, peer, KIND, number, call)


def among(stage: Stage, crowd: str, size: int, seconds: float) -> Metrics:
    """Drain with a crowd of so many rows in the table."""
    stage.pace = 0.0  # a crowd slows some down a lot
    if size:
        with stage.producer() as producer:
            if crowd == "finished":
                with stage.worker(1) as worker:
                    label = stage.label()
                    producer.ask("mark", label)
                    stage.seen(worker, label, 40)
                    stage.finished(10)
            else:
                producer.ask({"deferred": "defer", "parked": "park"}[crowd])
        stage.database.multiply(stage.peer.table, size)
    return {**drain(stage, 1, seconds), "crowd": float(size)}

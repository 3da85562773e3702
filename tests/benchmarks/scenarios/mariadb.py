"""MariaDB or MySQL: the rate, and whether eight workers get into each other's way."""

from __future__ import annotations

import time
from functools import partial
from typing import cast

from ..databases.mysql import MySQL
from ..drain import drain
from ..peers import OURS
from ..peers.base import manage
from ..processes import Tree
from ..records import Metrics
from ..run import Run
from ..stage import Stage

QUESTION = "Drain on MariaDB, concurrency 1; and 8 worker processes that must not deadlock"
COLUMNS = ("rate", "cpu_ms", "tasks", "deadlocks")
KIND = "mysql"
QUICK = ("bridge", "django-tasks-db")
WORKERS = 8


def play(run: Run) -> None:
    """Measure those who can use MariaDB, then count our deadlocks."""
    peers = run.on(KIND, *(() if run.full else QUICK))
    for number, peer in run.interleave(peers, run.rounds if run.full else 1):
        call = partial(drain, concurrency=1, seconds=run.seconds)
        run.measure("mariadb", "c1", peer, KIND, number, call)
    for peer in run.on(KIND, OURS.name):
        crowd = partial(deadlocks, count=200_000 if run.full else 5_000)
        run.measure("mariadb", "8 workers", peer, KIND, 0, crowd)


def deadlocks(stage: Stage, count: int) -> Metrics:
    """Run so many tasks with eight processes; count the deadlocks the server saw."""
    database = cast("MySQL", stage.database)
    before = database.deadlocks()
    with stage.producer() as producer:
        first, last = stage.label(), stage.label()
        producer.ask("fill", count, first, last)
        command = manage("db_worker", "--queue", "default", "--processes", str(WORKERS))
        log = stage.log("eight")
        with Tree([command], stage.environment(), log) as worker:
            start = stage.seen(worker, first, 60)
            end = stage.finished(60 + count / 100) or time.monotonic()
    said = log.read_text(errors="replace").lower().count("deadlock")
    return {
        "rate": count / (end - start),
        "tasks": float(count),
        "deadlocks": float(max(said, database.deadlocks() - before)),
    }

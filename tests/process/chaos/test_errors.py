"""The database refuses writes for a while: full disk, serialization failure, deadlock."""

from __future__ import annotations

import time

import pytest

from tests.process.chaos.calls import mixed
from tests.process.chaos.databases import Sqlite
from tests.process.chaos.storm import Storm

pytestmark = pytest.mark.process
TASKS = 500
ROUNDS = 2


def test_refused_writes_lose_nothing_and_workers_go_on(anywhere: Storm) -> None:
    storm = anywhere
    storm.man("--processes 2", "--processes 1 --concurrency 2")
    supervisors = storm.fleet.running()

    def refuse() -> None:
        with storm.database.failing(storm.fleet.pids()):
            time.sleep(storm.chance.uniform(0.3, 1))

    storm.rage(mixed(TASKS, storm.chance), [refuse] * ROUNDS, pace=0.5)
    storm.drain(30)

    figures = storm.figures(storm.judge())
    print(*figures.lines(), sep="\n")
    assert _felt(storm)
    assert figures.losses == 0
    assert storm.fleet.running() == supervisors
    assert storm.fleet.stop() == [0, 0]


def _felt(storm: Storm) -> bool:
    if not isinstance(storm.database, Sqlite):
        return storm.database.failed() > 0
    logs = "".join(worker.output() for worker in storm.project.workers)
    return "disk I/O error" in logs or "disk is full" in logs

"""The database goes away under load and comes back: the same workers go on by themselves."""

from __future__ import annotations

import time

import pytest

from tests.process.chaos.calls import mixed
from tests.process.chaos.server import Server
from tests.process.chaos.storm import LEASE, Storm

pytestmark = pytest.mark.process
TASKS = 500
RECOVERY = 30.0
"""Seconds: the longest wait between two tries to reach a database is 5."""


def test_restarted_database_loses_nothing_and_workers_go_on(
    on_own_server: Storm, server: Server
) -> None:
    storm = on_own_server
    storm.man("--processes 2", "--processes 1 --concurrency 2")
    supervisors = storm.fleet.running()

    def restart(mode: str, outage: float) -> None:
        server.stop(mode)
        time.sleep(outage)
        server.start()
        storm.restarts.append(time.monotonic())

    storm.rage(
        mixed(TASKS, storm.chance),
        [
            lambda: restart("immediate", 0),
            lambda: restart("fast", 0.5),
            lambda: restart("immediate", LEASE + 1),  # longer than every lease
            lambda: restart("fast", 0),
        ],
        pace=0.8,
    )
    storm.drain(30)

    figures = storm.figures(storm.judge())
    print(*figures.lines(), sep="\n")
    assert figures.losses == 0  # nobody died
    assert max(figures.back_after_restart) < RECOVERY
    assert storm.fleet.running() == supervisors
    assert storm.fleet.stop() == [0, 0]

"""Connections end at random under load: workers reconnect, and no attempt is lost for it."""

from __future__ import annotations

import pytest

from tests.process.chaos.calls import mixed
from tests.process.chaos.databases import Sqlite
from tests.process.chaos.storm import Storm

pytestmark = pytest.mark.process
TASKS = 300
ROUNDS = 5


def test_terminated_connections_lose_nothing_and_workers_go_on(on_a_server: Storm) -> None:
    storm = on_a_server
    assert not isinstance(storm.database, Sqlite)
    database = storm.database
    storm.man("--processes 2", "--processes 1 --concurrency 2")
    supervisors = storm.fleet.running()
    ended = []

    storm.rage(
        mixed(TASKS, storm.chance),
        [lambda: ended.append(database.terminate(storm.chance))] * ROUNDS,
        pace=0.4,
    )
    storm.drain(30)

    figures = storm.figures(storm.judge())
    print(*figures.lines(), sep="\n")
    assert sum(ended) >= ROUNDS
    assert figures.losses == 0
    assert storm.fleet.running() == supervisors
    assert storm.fleet.stop() == [0, 0]

"""Answers of the database get lost under load: the worker finds out what had been done."""

from __future__ import annotations

import re

import pytest

from tests.process.chaos.calls import mixed
from tests.process.chaos.proxy import Proxy
from tests.process.chaos.storm import Storm

pytestmark = pytest.mark.process
TASKS = 400
ROUNDS = 12


def test_lost_answers_lose_no_task_and_no_outcome(on_a_server: Storm) -> None:
    storm = on_a_server
    settings = storm.database.settings
    with Proxy(settings["PORT"]) as proxy:
        storm.man(
            "--processes 2",
            "--processes 1 --concurrency 2",
            database={**settings, "PORT": proxy.port},
        )
        supervisors = storm.fleet.running()
        lost: list[int] = []

        storm.rage(
            mixed(TASKS, storm.chance),
            [lambda: lost.append(proxy.lose_answers())] * ROUNDS,
            pace=0.15,
        )
        storm.drain(30)

        figures = storm.figures(storm.judge())
        print(*figures.lines(), sep="\n")
        assert sum(lost) >= ROUNDS
        assert figures.losses == 0
        assert storm.fleet.running() == supervisors
        assert storm.fleet.stop() == [0, 0]
    # An outcome may only be called dropped when its row was claimed once more.
    logs = "".join(worker.output() for worker in storm.project.workers)
    dropped = set(re.findall(r"task=(\S+) .* this outcome is dropped", logs))
    assert dropped <= {row["id"] for row in storm.rows() if row["token"] > 1}

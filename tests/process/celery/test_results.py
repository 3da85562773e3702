"""What other processes read of a task at every moment, whatever carries it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("plant", ["filesystem", "redis", "rabbitmq"], indirect=True),
]
READ = """
from bridge.interface import task_backends
r = task_backends['default'].get_result({id!r})
give([str(r.status), r.attempts, [e.exception_class_path for e in r.errors],
      [n for n in {times!r} if getattr(r, n)],
      r.return_value if str(r.status) == 'SUCCESSFUL' else None])
"""
WAITS = ["enqueued_at"]
STARTED = ["enqueued_at", "started_at", "last_attempted_at"]
ENDED = [*STARTED, "finished_at"]
DOWN = "builtins.ConnectionError"


def read(plant: Plant, task_id: str) -> list[Any]:
    """Return what a process that has nothing to do with the task reads."""
    told: list[Any] = plant.run("new", READ.format(id=task_id, times=ENDED), PLANT_READER="1")
    return told


def becomes(plant: Plant, task_id: str, *expected: Any) -> None:
    """Wait until another process reads this, and fail with what it read instead."""
    last: list[Any] = []

    def look() -> bool:
        last[:] = read(plant, task_id)
        return last == list(expected)

    try:
        wait_for(look, "the result")
    except AssertionError:
        assert last == list(expected)


@pytest.mark.parametrize("results", ["with", "without"])
def test_result_is_true_before_during_and_after(plant: Plant, results: str) -> None:
    if results == "without":
        plant.environment["PLANT_RESULTS"] = ""
    trouble = "from plant.trouble import *\n"
    task_id = plant.run("new", f"{trouble}give(hold.enqueue('task', 1).id)")
    wrong = plant.run("new", "give(broken.enqueue('x').id)")
    assert read(plant, task_id) == ["READY", 0, [], WAITS, None]

    plant.ready(plant.worker("new"))
    becomes(plant, task_id, "RUNNING", 1, [], STARTED, None)
    becomes(plant, wrong, "FAILED", 1, ["builtins.LookupError"], ENDED, None)

    (plant.folder / "task#1").touch()
    becomes(plant, task_id, "READY", 1, [DOWN], STARTED, None)
    becomes(plant, task_id, "RUNNING", 2, [DOWN], STARTED, None)

    (plant.folder / "task#2").touch()
    becomes(plant, task_id, "SUCCESSFUL", 2, [DOWN], ENDED, "task")

    legacy = (
        "from celery.result import AsyncResult\n"
        f"done, failed = AsyncResult({task_id!r}), AsyncResult({wrong!r})\n"
    )
    if results == "with":
        told = plant.run("old", f"{legacy}give([done.get(timeout=20), done.state, failed.state])")
        assert told == ["task", "SUCCESS", "FAILURE"]

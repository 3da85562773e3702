"""Progress, cancel and requeue where Celery workers run the tasks."""

from __future__ import annotations

import json

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("plant", ["filesystem"], indirect=True),
]


def cancel(plant: Plant, task_id: str) -> str:
    return str(plant.run("new", f"give(note.get_backend().cancel({task_id!r}).name)"))


def test_progress_is_readable_and_a_running_task_hears_that_it_is_cancelled(plant: Plant) -> None:
    plant.ready(plant.worker("new"))
    task_id = plant.run("new", "give(count_up.enqueue().id)")
    wait_for(lambda: json.loads(plant.row(task_id)["progress"] or "[0]")[0] > 1, "progress")

    assert cancel(plant, task_id) == "REQUESTED"

    (row,) = plant.settled(task_id)
    last = json.loads(row["progress"])
    assert (row["return_value"], last[1:]) == (f"stopped at {last[0]}", [3000, "counting"])


def test_task_that_fails_after_it_was_asked_to_stop_never_starts_again(plant: Plant) -> None:
    plant.ready(plant.worker("new"))
    task_id = plant.run("new", "give(fail_when_cancelled.enqueue().id)")
    plant.ran("fail_when_cancelled#1")

    cancel(plant, task_id)

    (row,) = plant.settled(task_id)
    assert [error["exception_class_path"] for error in row["errors"]] == [
        "builtins.ConnectionError",
        "bridge.exceptions.TaskCancelled",
    ]


def test_message_of_a_cancelled_task_is_dropped_and_its_requeued_task_runs_once(
    plant: Plant,
) -> None:
    task_id = plant.run("new", "give(note.enqueue('job').id)")
    assert cancel(plant, task_id) == "DONE"
    plant.ready(plant.worker("new"))
    plant.run("new", "note.enqueue('behind it')")
    plant.ran("behind it")
    assert plant.row(task_id)["status"] == "FAILED"

    again = plant.run("new", f"give(note.get_backend().requeue({task_id!r}).name)")

    assert again == "DONE"
    plant.ran("job")
    (row,) = plant.settled(task_id)
    assert row["status"] == "SUCCESSFUL"
    assert [name for name, _, _ in plant.runs()].count("job") == 1


def test_task_that_an_old_worker_has_run_is_not_cancelled(plant: Plant) -> None:
    plant.ready(plant.worker("old"))
    task_id = plant.run("new", "give(note.enqueue('job').id)")
    plant.ran("job")

    wait_for(lambda: cancel(plant, task_id) == "TOO_LATE", "Celery's result")

    assert plant.row(task_id)["status"] == "SUCCESSFUL"

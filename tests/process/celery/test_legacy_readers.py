"""What old workers and old code hear of tasks that the ledger has ended."""

from __future__ import annotations

import pytest

from tests.process.celery.plant import Plant
from tests.process.celery.test_control import cancel
from tests.process.project import wait_for

pytestmark = [
    pytest.mark.process,
    # Through files a worker hears nothing while it is busy.
    pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True),
]


def test_old_worker_drops_the_message_of_a_cancelled_task_and_old_code_reads_revoked(
    plant: Plant,
) -> None:
    plant.ready(plant.worker("old", size=1))
    plant.run("new", "note.enqueue('busy', 5)")
    task_id = plant.run("new", "give(note.enqueue('job').id)")
    plant.run("new", "note.enqueue('behind it')")

    assert cancel(plant, task_id) == "DONE"

    plant.ran("behind it")
    assert "job" not in [name for name, _, _ in plant.runs()]
    state = (
        "from celery.result import AsyncResult\n"
        f"result = AsyncResult({task_id!r}); give([result.state, type(result.result).__name__])"
    )
    read = wait_for(lambda: (r := plant.run("old", state))[0] != "PENDING" and r, "its state")
    assert read == ["REVOKED", "TaskRevokedError"]
    assert plant.row(task_id)["errors"][0]["exception_class_path"] == (
        "bridge.exceptions.TaskCancelled"
    )


def test_cancelled_and_requeued_task_runs_although_an_old_worker_remembers_it_as_revoked(
    plant: Plant,
) -> None:
    plant.environment["PLANT_LEASE"] = "3"
    old = plant.worker("old", size=1)
    plant.ready(old)
    plant.run("new", "note.enqueue('busy', 5)")
    task_id = plant.run("new", "give(note.enqueue('job').id)")
    assert cancel(plant, task_id) == "DONE"
    wait_for(lambda: f"revoked: {task_id}" in old.output(), "the word to the old worker")

    plant.run("new", f"note.get_backend().requeue({task_id!r})")
    wait_for(lambda: f"Discarding revoked task: plant.tasks.note[{task_id}]" in old.output(), "it")
    old.kill_all()
    plant.ready(plant.worker("new"))

    (row,) = plant.settled(task_id, seconds=90)
    assert row["status"] == "SUCCESSFUL"
    assert [name for name, _, _ in plant.runs()].count("job") == 1


def test_old_code_reads_of_a_task_whose_worker_died_what_celery_says_then(plant: Plant) -> None:
    plant.environment["PLANT_LEASE"] = "3"
    worker = plant.worker("new", size=1)
    plant.ready(worker)
    task_id = plant.run("new", "give(linger_fail.enqueue('job').id)")
    plant.ran("job")
    worker.kill_all()

    plant.ready(plant.worker("new", size=1))

    plant.settled(task_id, seconds=90)
    state = (
        "from celery.result import AsyncResult\n"
        f"result = AsyncResult({task_id!r}); give([result.state, type(result.result).__name__])"
    )
    wait_for(lambda: plant.run("old", state) == ["FAILURE", "WorkerLostError"], "what Celery says")

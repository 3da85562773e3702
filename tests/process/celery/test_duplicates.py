"""Messages that come more often than once, or come where the task has moved on."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import Process, wait_for

pytestmark = pytest.mark.process
servers = pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True)


def dropped(*workers: Process) -> int:
    """Return how many messages workers say they have dropped."""
    return sum(worker.output().count("message dropped") for worker in workers)


@pytest.mark.parametrize("plant", ["redis"], indirect=True)
def test_eta_beyond_the_visibility_timeout_is_delivered_often_and_runs_once(plant: Plant) -> None:
    """What Redis hands out again while a worker waits for the time: raw Celery runs it each time.

    Old code sends it: what is due much later than now, bridge does not give to Redis at all.
    """
    plant.environment["PLANT_REDIS"] = (
        '{"visibility_timeout": 4, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}'
    )
    workers = [plant.worker("new", size=1), plant.worker("new", size=1)]
    plant.ready(*workers)
    late = plant.run("old", "give(note.apply_async(('late',), countdown=15).id)")
    plant.run("old", "give(note.delay('now').id)")

    plant.settled(late)

    received = sum(worker.output().count(f"[{late}] received") for worker in workers)
    assert received > 1
    wait_for(lambda: dropped(*workers) >= received - 1, "all but one to be dropped")
    assert Counter(name for name, _, _ in plant.runs()) == {"now": 1, "late": 1}
    assert len(plant.row(late)["worker_ids"]) == 1


@servers
def test_message_of_a_task_that_has_moved_to_the_database_is_dropped(plant: Plant) -> None:
    task_id = plant.run(
        "new",
        "from bridge.models import TaskRow\n"
        "id = note.enqueue('moved').id\n"
        "TaskRow.objects.filter(id=id).update(transport='db', backend='db')\n"
        "give(id)",
    )
    plant.db_worker("--backend", "db")
    (row,) = plant.settled(task_id)

    worker = plant.worker("new")
    plant.ready(worker)

    wait_for(lambda: dropped(worker) == 1, "the late message to be dropped")
    assert [name for name, _, _ in plant.runs()] == ["moved"]
    assert plant.row(task_id) == row


@pytest.mark.parametrize("plant", ["redis"], indirect=True)
def test_message_that_arrives_before_the_move_is_over_is_dropped_too(plant: Plant) -> None:
    worker = plant.worker("new")
    task_id = plant.run(
        "new",
        "from bridge.models import TaskRow\n"
        "id = note.enqueue('moved').id\n"
        "TaskRow.objects.filter(id=id).update(transport='db', backend='db')\n"
        "give(id)",
    )
    plant.ready(worker)
    wait_for(lambda: dropped(worker) == 1, "the message to be dropped")
    assert plant.row(task_id)["status"] == "READY"

    plant.db_worker("--backend", "db")

    plant.settled(task_id)
    assert [name for name, _, _ in plant.runs()] == ["moved"]


@servers
def test_message_that_comes_after_its_row_was_deleted_runs_nothing(plant: Plant) -> None:
    """Finished and pruned, or taken back because the broker had not said that it has it."""
    task_id = plant.run(
        "new",
        "from bridge.models import TaskRow\n"
        "id = note.enqueue('taken back').id\n"
        "TaskRow.objects.filter(id=id).delete()\n"
        "give(id)",
    )
    worker = plant.worker("new")
    plant.ready(worker)

    wait_for(lambda: dropped(worker) == 1, "the message to be dropped")
    assert plant.runs() == []
    assert plant.rows() == []
    assert task_id in worker.output()

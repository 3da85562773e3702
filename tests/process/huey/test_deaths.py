"""Killed, told to end, timed out: nothing stays RUNNING, and on_lost is kept."""

from __future__ import annotations

import os
import signal

import pytest

from tests.process.huey.plant import HueyPlant
from tests.process.project import wait_for

pytestmark = pytest.mark.process
two_storages = pytest.mark.parametrize("plant", ["sqlite", "redis"], indirect=True)
without_server = pytest.mark.parametrize("plant", ["sqlite"], indirect=True)
each_kind = pytest.mark.parametrize("kind", ["thread", "process"])
each_meaning = pytest.mark.parametrize("on_lost", ["retry", "fail"])
LOST = "bridge.exceptions.WorkerLost"


@pytest.fixture(autouse=True)
def _short_lease(plant: HueyPlant) -> None:
    plant.environment["PLANT_LEASE"] = "3"


def linger(plant: HueyPlant, on_lost: str) -> tuple[str, int]:
    """Enqueue a task that does not end; return its id and the process that runs it."""
    task_id = plant.run("new", f"give(linger_{on_lost}.enqueue('job').id)")
    return task_id, int(plant.ran("job")[0][2])


def assert_ended_as(plant: HueyPlant, task_id: str, on_lost: str) -> None:
    (row,) = plant.settled(task_id)
    runs = [name for name, _, _ in plant.runs() if name == "job"]
    assert row["errors"][0]["exception_class_path"] == LOST
    if on_lost == "retry":
        assert (row["status"], row["return_value"], row["losses"]) == ("SUCCESSFUL", "job", 1)
        assert (len(runs), len(row["worker_ids"]), len(row["errors"])) == (2, 2, 1)
    else:
        assert (row["status"], len(runs), len(row["worker_ids"])) == ("FAILED", 1, 1)


@two_storages
@each_kind
@each_meaning
def test_killed_consumer_leaves_its_task_as_on_lost_says(
    plant: HueyPlant, kind: str, on_lost: str
) -> None:
    first = plant.consumer("new", kind=kind, size=1)
    task_id, _ = linger(plant, on_lost)

    first.kill_all()
    plant.consumer("new", kind=kind, size=1)

    assert_ended_as(plant, task_id, on_lost)


@without_server
def test_killed_child_is_replaced_and_its_task_runs_again(plant: HueyPlant) -> None:
    plant.consumer("new", kind="process", size=1)
    task_id, pid = linger(plant, "retry")

    os.kill(pid, signal.SIGKILL)

    assert_ended_as(plant, task_id, "retry")


@without_server
@each_kind
@each_meaning
def test_consumer_that_has_to_end_at_once_gives_its_task_back(
    plant: HueyPlant, kind: str, on_lost: str
) -> None:
    plant.environment["PLANT_LEASE"] = "3600"  # nobody waits for the lease
    first = plant.consumer("new", kind=kind, size=1)
    task_id, _ = linger(plant, on_lost)

    first.signal(signal.SIGTERM)
    first.exit_code()
    plant.consumer("new", kind=kind, size=1)

    assert_ended_as(plant, task_id, on_lost)


@without_server
@each_kind
def test_consumer_that_ends_gracefully_finishes_its_task(plant: HueyPlant, kind: str) -> None:
    first = plant.consumer("new", kind=kind, size=1)
    task_id = plant.run("new", "give(note.enqueue('a', seconds=5).id)")
    wait_for(lambda: plant.row(task_id)["status"] == "RUNNING", "the start")

    first.signal(signal.SIGINT)

    assert plant.settled(task_id)[0]["status"] == "SUCCESSFUL"
    assert first.exit_code() == 0
    assert plant.workers_alive() == 0


@without_server
@each_kind
def test_worker_survives_a_body_that_exits_or_runs_too_long(plant: HueyPlant, kind: str) -> None:
    plant.consumer("new", kind=kind, size=1)

    ids = plant.run("new", "give([leave.enqueue().id, slow.enqueue('s').id, note.enqueue('n').id])")

    left, slow, note = plant.settled(*ids)
    assert left["errors"][0]["exception_class_path"] == "builtins.SystemExit"
    assert slow["errors"][0]["exception_class_path"] == "bridge.exceptions.TaskTimeout"
    assert note["status"] == "SUCCESSFUL"
    # One process ran them all.
    assert len({row["worker_ids"][0] for row in (left, slow, note)}) == 1


@without_server
def test_revoked_expired_and_locked_tasks_have_failed(plant: HueyPlant) -> None:
    revoked, expired, locked = plant.run(
        "new",
        "from huey.contrib.djhuey import HUEY\n"
        "ids = [note.enqueue('revoked').id, note.using(expires=0.2).enqueue('expired').id]\n"
        "HUEY.revoke_by_id(ids[0])\n"
        "HUEY.lock_task('only-one').acquire()\n"
        "import time; time.sleep(1)\n"
        "give([*ids, locked.enqueue('locked').id])",
    )
    plant.consumer("new")

    rows = plant.settled(revoked, expired, locked)

    assert [row["status"] for row in rows] == ["FAILED"] * 3
    assert [row["errors"][0]["exception_class_path"] for row in rows] == [
        "bridge.exceptions.TaskCancelled",
        "bridge.exceptions.TaskExpired",
        "huey.exceptions.TaskLockedException",
    ]
    assert plant.runs() == []

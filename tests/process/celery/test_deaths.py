"""Killed, timed out, revoked, unknown: nothing stays RUNNING, and on_lost is kept."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = pytest.mark.process
two_brokers = pytest.mark.parametrize("plant", ["filesystem", "redis"], indirect=True)
servers = pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True)
without_server = pytest.mark.parametrize("plant", ["filesystem"], indirect=True)
LOST = "bridge.exceptions.WorkerLost"


@pytest.fixture(autouse=True)
def _short_lease(plant: Plant) -> None:
    plant.environment["PLANT_LEASE"] = "3"


def linger(plant: Plant, on_lost: str) -> tuple[str, int]:
    """Enqueue a task that does not end; return its id and the process that runs it."""
    task_id = plant.run("new", f"give(linger_{on_lost}.enqueue('job').id)")
    return task_id, int(plant.ran("job")[0][2])


def assert_ended_as(plant: Plant, task_id: str, on_lost: str) -> None:
    (row,) = plant.settled(task_id)
    runs = [name for name, _, _ in plant.runs() if name == "job"]
    assert row["errors"][0]["exception_class_path"] == LOST
    if on_lost == "retry":
        assert (row["status"], row["return_value"], row["losses"]) == ("SUCCESSFUL", "job", 1)
        assert (len(runs), len(row["worker_ids"]), len(row["errors"])) == (2, 2, 1)
    else:
        assert (row["status"], len(runs), len(row["worker_ids"])) == ("FAILED", 1, 1)


@two_brokers
@pytest.mark.parametrize("on_lost", ["retry", "fail"])
def test_killed_child_leaves_its_task_as_on_lost_says(plant: Plant, on_lost: str) -> None:
    plant.ready(plant.worker("new"))
    task_id, pid = linger(plant, on_lost)

    os.kill(pid, signal.SIGKILL)

    assert_ended_as(plant, task_id, on_lost)
    plant.run("new", "note.enqueue('next')")
    plant.ran("next")


@servers
@pytest.mark.parametrize("on_lost", ["retry", "fail"])
def test_killed_worker_leaves_its_task_as_on_lost_says(plant: Plant, on_lost: str) -> None:
    first = plant.worker("new", size=1)
    plant.ready(first)
    task_id, _ = linger(plant, on_lost)

    first.kill_all()
    plant.ready(plant.worker("new", size=1))

    assert_ended_as(plant, task_id, on_lost)


@without_server
def test_warm_shutdown_keeps_the_lease_until_the_last_task_is_done(plant: Plant) -> None:
    first, second = plant.worker("new", size=1), plant.worker("new", size=1)
    plant.ready(first, second)
    ids = plant.run(
        "new", "give([note.enqueue('a', seconds=6).id, note.enqueue('b', seconds=6).id])"
    )
    wait_for(lambda: all(row["status"] == "RUNNING" for row in plant.rows()), "both to start")

    first.signal(signal.SIGTERM)

    assert [row["status"] for row in plant.settled(*ids)] == ["SUCCESSFUL"] * 2
    assert first.exit_code() == 0
    assert [len(row["worker_ids"]) for row in plant.rows()] == [1, 1]


@without_server
def test_cold_shutdown_hands_the_running_task_over(plant: Plant) -> None:
    first = plant.worker("new", size=1)
    plant.ready(first)
    task_id, _ = linger(plant, "retry")

    for _ in range(3):
        first.signal(signal.SIGQUIT)
        time.sleep(0.2)  # a second signal makes a shutdown cold
    first.exit_code()
    plant.ready(plant.worker("new", size=1))

    assert_ended_as(plant, task_id, "retry")


@two_brokers
def test_timeouts_exits_revokes_and_unknown_names_end_as_failed(plant: Plant) -> None:
    worker = plant.worker("new", size=3)
    plant.ready(worker)
    ids = plant.run(
        "new",
        "give([overdue.enqueue('hard').id, slow.enqueue('soft').id, leave.enqueue().id])",
    )
    rows = plant.settled(*ids)
    assert [row["errors"][0]["exception_class_path"] for row in rows] == [
        "bridge.exceptions.HardTimeout",
        "bridge.exceptions.TaskTimeout",
        "builtins.SystemExit",
    ]

    ids = plant.run(
        "new",
        "from celery import current_app as app\n"
        "from bridge.interface import task_backends\n"
        "from bridge.models import TaskRow\n"
        "from compat.celery.wire import send\n"
        "backend = task_backends['default']\n"
        "gone = backend.store.insert(TaskRow(task_path='plant.tasks.gone', backend='default',"
        " transport='celery', on_lost='fail'))\n"
        "send(backend, gone); backend.store.messages.mark_published(gone, datetime.now(UTC))\n"
        "late = note.using(run_after=timedelta(seconds=3)).enqueue('revoked').id\n"
        "app.control.revoke(late)\n"
        "give([str(gone.id), late])",
    )
    rows = plant.settled(*ids)
    assert [row["errors"][0]["exception_class_path"] for row in rows] == [
        "bridge.exceptions.TaskNotFound",
        "celery.exceptions.TaskRevokedError",
    ]
    assert all(row["status"] == "FAILED" for row in plant.rows())
    assert [name for name, _, _ in plant.runs()].count("revoked") == 0

    task_id, _ = linger(plant, "retry")
    plant.run("new", f"from plant import app; app.control.revoke({task_id!r}, terminate=True)")
    (row,) = plant.settled(task_id)
    assert row["errors"][0]["exception_class_path"] == "celery.exceptions.TaskRevokedError"

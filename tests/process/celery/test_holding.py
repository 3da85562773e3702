"""Tasks that are due later than the broker would wait for an acknowledgement."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = pytest.mark.process
redis = pytest.mark.parametrize("plant", ["redis"], indirect=True)
servers = pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True)

LATER = """
from django.utils import timezone
give(note.using(run_after=timezone.now() + timedelta(seconds=%s)).enqueue(%r).id)
"""
IMPATIENT = {
    "visibility_timeout": 5,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}


def lateness(row: dict[str, str]) -> float:
    """Return how many seconds after its time a task started."""
    started, due = (datetime.fromisoformat(row[name]) for name in ("started_at", "run_after"))
    return (started - due).total_seconds()


@redis
def test_message_of_a_far_task_is_delivered_once_however_impatient_redis_is(plant: Plant) -> None:
    plant.environment["PLANT_TRANSPORT"] = json.dumps(IMPATIENT)
    workers = [plant.worker("new"), plant.worker("new")]
    plant.ready(*workers)

    held = plant.run("new", LATER % (12, "held"))
    at_once = plant.run("new", LATER % (12, "at once"), PLANT_OPTIONS='{"HOLD_ETA": Infinity}')
    assert plant.row(held)["published_at"] is None
    assert plant.row(at_once)["published_at"] is not None
    rows = plant.settled(held, at_once)

    received = {
        task_id: sum(worker.output().count(f"[{task_id}] received") for worker in workers)
        for task_id in (held, at_once)
    }
    assert received[held] == 1
    assert received[at_once] > 1
    assert [name for name, _, _ in plant.runs()].count("held") == 1
    assert [name for name, _, _ in plant.runs()].count("at once") == 1  # the claim drops the rest
    assert 0 <= lateness(rows[0]) < 10


@servers
def test_far_task_is_on_time_and_survives_the_worker_that_would_send_it(plant: Plant) -> None:
    plant.environment["PLANT_OPTIONS"] = json.dumps({"HOLD_ETA": 4, "LEASE": 3})
    first = plant.worker("new")
    plant.ready(first)
    task_id = plant.run("new", LATER % (15, "held"))
    first.kill_all()

    second = plant.worker("new", size=1)
    plant.ready(second)
    published = wait_for(lambda: plant.row(task_id)["published_at"], "the message")
    (row,) = plant.settled(task_id)

    ahead = datetime.fromisoformat(row["run_after"]) - datetime.fromisoformat(published)
    assert 0 < ahead.total_seconds() <= 4
    assert row["status"] == "SUCCESSFUL"
    assert 0 <= lateness(row) < 10
    assert len(plant.runs()) == 1


@redis
def test_old_workers_alone_get_the_message_at_once(plant: Plant) -> None:
    plant.ready(plant.worker("old"))

    task_id = plant.run("new", LATER % (8, "held"), PLANT_OPTIONS='{"HOLD_ETA": 2}')

    assert plant.row(task_id)["published_at"] is not None
    assert plant.ran("held")[0][1] == "old"

"""OPTIONS["TASK_OPTIONS"], on a real worker."""

from __future__ import annotations

import json

import pytest

from tests.process.celery.plant import Plant

pytestmark = pytest.mark.process

STATE = "from celery.result import AsyncResult; give(AsyncResult({!r}).state)"


@pytest.mark.parametrize("plant", ["redis"], indirect=True)
def test_worker_keeps_no_result_in_celery_of_a_task_that_says_so(plant: Plant) -> None:
    plant.environment["PLANT_OPTIONS"] = json.dumps(
        {"TASK_OPTIONS": {"plant.tasks.kind": {"ignore_result": True, "compression": "gzip"}}}
    )
    plant.ready(plant.worker("new"))

    ids = plant.run("new", "give([kind.enqueue(1).id, note.enqueue('kept').id])")

    assert [row["status"] for row in plant.settled(*ids)] == ["SUCCESSFUL"] * 2
    states = [plant.run("old", STATE.format(task_id)) for task_id in ids]
    assert states == ["PENDING", "SUCCESS"]

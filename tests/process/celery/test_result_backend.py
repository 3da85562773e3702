"""Celery's result backend is away: nothing that bridge promises needs it."""

from __future__ import annotations

import pytest

from tests.process.celery.plant import Plant

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True),
]
NOWHERE = "redis://127.0.0.1:1/0"
ENQUEUE = """
import time
from django.db import transaction
def seconds(action):
    begin = time.monotonic()
    ids.append(action().id)
    return time.monotonic() - begin
ids = []
def committed():
    with transaction.atomic():
        return note.enqueue('in a transaction')
note.enqueue('opens the connections')
give([min(seconds(lambda: note.enqueue('plain')) for _ in range(10)),
      min(seconds(committed) for _ in range(10)), ids])
"""
READ = """
from bridge.interface import task_backends
give(str(task_backends['default'].get_result({id!r}).status))
"""


def test_enqueueing_and_running_go_on_and_cost_nothing_more(plant: Plant) -> None:
    up = plant.run("new", ENQUEUE)
    down = plant.run("new", ENQUEUE, PLANT_RESULTS=NOWHERE)

    for with_it, without in zip(up[:2], down[:2], strict=True):
        assert without - with_it < 0.05  # and not the 19 s of Celery's own delay()
    assert plant.run("new", READ.format(id=down[2][0]), PLANT_RESULTS=NOWHERE) == "READY"

    plant.environment["PLANT_RESULTS"] = NOWHERE
    plant.ready(plant.worker("new"))

    rows = plant.settled(*down[2][:3], seconds=150)
    assert {row["status"] for row in rows} == {"SUCCESSFUL"}
    assert {len(row["worker_ids"]) for row in rows} == {1}
    assert plant.run("new", READ.format(id=down[2][0])) == "SUCCESSFUL"

"""In which order real brokers hand out what new and old code have sent."""

from __future__ import annotations

import json

import pytest

from tests.process.celery.plant import Plant

pytestmark = pytest.mark.process
servers = pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True)

SEND = """
for priority in (-100, 0, 100, -1, 50, 1, -50):
    note.using(priority=priority).enqueue(str(priority))
"""


def order(plant: Plant) -> list[str]:
    """Return the order in which one process runs what waits: 0 is sent by new code."""
    plant.run("old", "note.delay('old')")
    plant.run("new", SEND)
    plant.run("old", "note.delay('old too')")
    plant.ready(plant.worker("new", size=1))
    names = ("-100", "-50", "-1", "0", "1", "50", "100", "old", "old too")
    return [name for name, _, _ in plant.ran(*names)]


@servers
def test_beside_a_default_in_the_middle_there_is_room_on_either_side(plant: Plant) -> None:
    plant.environment["PLANT_CELERY"] = json.dumps(
        {"CELERY_TASK_QUEUE_MAX_PRIORITY": 10, "CELERY_TASK_DEFAULT_PRIORITY": 5}
    )

    names = order(plant)

    assert names == ["100", "50", "1", "old", "0", "old too", "-1", "-50", "-100"]


@pytest.mark.parametrize("plant", ["redis"], indirect=True)
def test_on_redis_nothing_comes_before_what_says_nothing(plant: Plant) -> None:
    names = order(plant)

    assert names == ["old", "0", "100", "50", "1", "old too", "-1", "-50", "-100"]


@pytest.mark.parametrize("plant", ["rabbitmq"], indirect=True)
def test_on_rabbitmq_nothing_comes_after_what_says_nothing(plant: Plant) -> None:
    plant.environment["PLANT_CELERY"] = json.dumps({"CELERY_TASK_QUEUE_MAX_PRIORITY": 10})

    names = order(plant)

    assert names == ["100", "50", "1", "old", "-100", "0", "-1", "-50", "old too"]

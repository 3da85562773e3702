"""A task that is new, while workers of the old code still run."""

from __future__ import annotations

import json
import signal

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = pytest.mark.process
servers = pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True)
GATED = json.dumps({"REQUIRE_CONSUMER": True, "LEASE": 3})


@servers
def test_new_task_waits_until_the_last_old_worker_is_gone(plant: Plant) -> None:
    plant.environment["PLANT_OPTIONS"] = GATED
    old, new = plant.worker("old"), plant.worker("new")
    plant.ready(old, new)

    fresh = plant.run("new", "give(only_new.enqueue('fresh').id); note.enqueue('both')")

    plant.ran("both")
    wait_for(lambda: "waits until every worker" in new.output(), "a word about the task")
    assert plant.row(fresh)["published_at"] is None
    old.signal(signal.SIGTERM)
    old.exit_code()

    (row,) = plant.settled(fresh)
    assert (row["status"], len(row["worker_ids"])) == ("SUCCESSFUL", 1)
    assert "unregistered task" not in old.output()

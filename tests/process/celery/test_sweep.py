"""Results of tasks that old workers ran reach the ledger, whether or not somebody asks."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = pytest.mark.process
every_broker = pytest.mark.parametrize("plant", ["filesystem", "redis", "rabbitmq"], indirect=True)
without_server = pytest.mark.parametrize("plant", ["filesystem"], indirect=True)

NOT_FROM_HERE = ("--queues", "elsewhere")
"""A worker of the new code that leaves every message to the old ones."""


@every_broker
def test_what_old_workers_ran_is_settled_though_nobody_asks(plant: Plant) -> None:
    plant.ready(plant.worker("old"), plant.worker("new", *NOT_FROM_HERE))

    ids = plant.run(
        "new",
        "give([note.enqueue('a').id, water.enqueue('b').id, flaky.enqueue('c', 2).id,"
        " broken.enqueue('d').id])",
    )

    rows = plant.settled(*ids, seconds=90)
    assert [row["status"] for row in rows] == ["SUCCESSFUL"] * 3 + ["FAILED"]
    assert [row["return_value"] for row in rows] == ["a", None, 2, None]
    assert rows[3]["errors"][0]["exception_class_path"] == "builtins.LookupError"
    assert "LookupError" in rows[3]["errors"][0]["traceback"]
    assert Counter(side for _, side, _ in plant.runs()) == {"old": 5}


@without_server
def test_task_that_an_old_worker_was_told_to_revoke_has_failed(plant: Plant) -> None:
    old = plant.worker("old")
    plant.ready(old)
    task_id = plant.run(
        "new",
        "from bridge.interface import task_backends\n"
        "result = note.using(run_after=timedelta(seconds=3)).enqueue('late')\n"
        "task_backends['default'].app.control.revoke(str(result.id))\n"
        "give(result.id)",
    )
    plant.ready(plant.worker("new", *NOT_FROM_HERE))

    (row,) = plant.settled(task_id, seconds=90)

    assert row["errors"][0]["exception_class_path"] == "celery.exceptions.TaskRevokedError"
    assert plant.runs() == []


@without_server
def test_message_that_an_old_worker_threw_away_is_sent_again_until_a_new_one_has_it(
    plant: Plant,
) -> None:
    plant.environment["PLANT_LEASE"] = "3"
    old = plant.worker("old")
    plant.ready(old)
    task_id = plant.run("new", "give(only_new.enqueue('new name').id)")
    wait_for(lambda: "Received unregistered task" in old.output(), "the loss of the message")
    old.kill_all()

    plant.ready(plant.worker("new"))

    (row,) = plant.settled(task_id, seconds=90)
    assert row["status"] == "SUCCESSFUL"
    assert [error["exception_class_path"] for error in row["errors"]] == [
        "celery.exceptions.NotRegistered"
    ]
    assert [run[:2] for run in plant.runs()] == [["new name", "new"]]

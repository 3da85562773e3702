"""A storage that is down, a transaction that rolls back, a message that comes twice."""

from __future__ import annotations

import pytest

from tests.process.huey.plant import HueyPlant
from tests.process.project import wait_for

pytestmark = pytest.mark.process
with_redis = pytest.mark.parametrize("plant", ["redis"], indirect=True)
every_storage = pytest.mark.parametrize("plant", ["sqlite", "redis", "postgres"], indirect=True)
without_server = pytest.mark.parametrize("plant", ["sqlite"], indirect=True)

IN_TRANSACTION = """
from django.db import transaction
with transaction.atomic():
    task_id = note.enqueue('kept').id
give(task_id)
"""
ROLLED_BACK = """
from django.db import transaction
try:
    with transaction.atomic():
        note.enqueue('undone')
        raise ZeroDivisionError
except ZeroDivisionError:
    give(note.enqueue('after').id)
"""
OUTSIDE = """
import time
from bridge import EnqueueError
from bridge.interface import task_enqueued
signals = []
def hear(**kwargs): signals.append(1)
task_enqueued.connect(hear)
begin = time.monotonic()
try:
    note.enqueue('refused')
except EnqueueError as error:
    give([time.monotonic() - begin, type(error.__cause__).__name__, len(signals)])
"""
TWICE = """
from bridge.interface import task_backends
from compat.huey.wire import send
backend = task_backends['default']
result = note.enqueue('once', .2)
for _ in range(3): send(backend, backend.store.find(result.id))
give(result.id)
"""


@with_redis
def test_storage_down_outside_a_transaction_raises_soon_and_leaves_nothing(
    plant: HueyPlant,
) -> None:
    seconds, cause, signals = plant.run("new", OUTSIDE, PLANT_PORT="1")

    assert seconds < 2
    assert (cause, signals) == ("ConnectionError", 0)
    assert plant.rows() == []


@with_redis
def test_storage_down_in_a_transaction_keeps_the_task_for_the_relay(plant: HueyPlant) -> None:
    task_id = plant.run("new", IN_TRANSACTION, PLANT_PORT="1")
    assert plant.row(task_id)["published_at"] is None
    plant.environment["PLANT_LEASE"] = "3"

    plant.consumer("new")

    assert plant.settled(task_id)[0]["status"] == "SUCCESSFUL"
    assert [name for name, _, _ in plant.runs()] == ["kept"]


@every_storage
def test_rolled_back_task_never_runs(plant: HueyPlant) -> None:
    plant.consumer("new")

    plant.settled(plant.run("new", ROLLED_BACK))

    assert [name for name, _, _ in plant.runs()] == ["after"]
    assert len(plant.rows()) == 1


@every_storage
def test_message_that_comes_four_times_runs_once(plant: HueyPlant) -> None:
    first, second = plant.consumer("new"), plant.consumer("new")
    task_id = plant.run("new", TWICE)
    plant.settled(task_id)

    def dropped() -> int:
        return (first.output() + second.output()).count("message dropped")

    wait_for(lambda: dropped() == 3, "the others to be dropped")
    assert [name for name, _, _ in plant.runs()] == ["once"]
    assert plant.row(task_id)["status"] == "SUCCESSFUL"


@without_server
def test_result_of_an_old_consumer_that_is_gone_leaves_the_task_ready(plant: HueyPlant) -> None:
    """Huey hands a result out once: after a reader of old code it is gone."""
    task_id = plant.run("new", "give(note.enqueue('x').id)")
    plant.consumer("old")

    value = plant.run(
        "old",
        "from huey.contrib.djhuey import HUEY\n"
        f"give(HUEY.result({task_id!r}, blocking=True, timeout=30))",
    )

    assert value == "x"
    assert plant.run("new", f"give(str(note.get_result({task_id!r}).status))") == "READY"

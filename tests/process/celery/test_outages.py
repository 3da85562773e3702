"""A broker that is down, a transaction that rolls back, a message that comes twice."""

from __future__ import annotations

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = pytest.mark.process
every_broker = pytest.mark.parametrize("plant", ["filesystem", "redis", "rabbitmq"], indirect=True)
servers = pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True)

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
from compat.celery.wire import send
backend = task_backends['default']
result = note.enqueue('once', .2)
for _ in range(3): send(backend, backend.store.find(result.id))
give(result.id)
"""
CLOSED = {"redis": "redis://127.0.0.1:1/0", "amqp": "amqp://guest:guest@127.0.0.1:1//"}


def closed_port(plant: Plant) -> str:
    return CLOSED[plant.environment["PLANT_BROKER"].partition(":")[0]]


@servers
def test_broker_down_outside_a_transaction_raises_soon_and_leaves_nothing(plant: Plant) -> None:
    seconds, cause, signals = plant.run("new", OUTSIDE, PLANT_BROKER=closed_port(plant))

    assert seconds < 15  # and not for as long as the broker is away
    assert cause == "OperationalError"
    assert signals == 0
    assert plant.rows() == []


@servers
def test_what_the_broker_missed_at_a_commit_is_relayed_once(plant: Plant) -> None:
    task_id = plant.run("new", IN_TRANSACTION, PLANT_BROKER=closed_port(plant))
    row = plant.row(task_id)
    assert (row["status"], row["published_at"]) == ("READY", None)
    plant.environment["PLANT_LEASE"] = "3"

    plant.ready(plant.worker("new", size=1), plant.worker("new", size=1))

    (row,) = plant.settled(task_id)
    assert (row["status"], len(row["worker_ids"])) == ("SUCCESSFUL", 1)
    assert row["published_at"] is not None
    assert sum("Relay: sent 1" in worker.output() for worker in plant.workers) == 1
    assert [name for name, _, _ in plant.runs()] == ["kept"]


@every_broker
def test_rollback_publishes_nothing(plant: Plant) -> None:
    task_id = plant.run("new", ROLLED_BACK)
    assert len(plant.rows()) == 1

    worker = plant.worker("new")
    plant.ready(worker)

    plant.settled(task_id)
    assert [name for name, _, _ in plant.runs()] == ["after"]
    assert worker.output().count("] received") == 1


@every_broker
def test_message_that_comes_several_times_runs_once(plant: Plant) -> None:
    workers = [plant.worker("new"), plant.worker("new")]
    plant.ready(*workers)
    task_id = plant.run("new", TWICE)
    plant.settled(task_id)

    wait_for(
        lambda: sum(worker.output().count("message dropped") for worker in workers) == 3,
        "three dropped messages",
    )
    assert [name for name, _, _ in plant.runs()] == ["once"]
    legacy = plant.run(
        "old", f"from celery.result import AsyncResult; give(AsyncResult({task_id!r}).state)"
    )
    assert legacy == "SUCCESS"

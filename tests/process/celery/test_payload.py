"""Messages that are too large: nothing is lost without a word, on any broker."""

from __future__ import annotations

import json

import pytest

from tests.process.celery.plant import Plant

pytestmark = pytest.mark.process
servers = pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True)
rabbitmq = pytest.mark.parametrize("plant", ["rabbitmq"], indirect=True)

MB = 1_000_000
ANY = {"PLANT_OPTIONS": json.dumps({"MAX_PAYLOAD": 200 * MB})}
REFUSED = """
import bridge
from django.db import transaction
def refused(call):
    try:
        call()
    except bridge.PayloadTooLarge as error:
        return str(error)
def in_transaction():
    with transaction.atomic():
        kind.enqueue('x' * %d)
give([refused(lambda: kind.enqueue('x' * %d)), refused(in_transaction)])
"""
TWICE = """
from django.db import transaction
import bridge
text = 'x' * 150_000_000
try:
    kind.enqueue(text)
except bridge.PayloadTooLarge as error:
    said = str(error)
with transaction.atomic():
    task_id = kind.enqueue(text).id
kind.enqueue('small')
give([said, task_id])
"""


@servers
def test_default_limit_refuses_before_anything_is_written(plant: Plant) -> None:
    outside, inside = plant.run("new", REFUSED % (30 * MB, 30 * MB))
    assert "MAX_PAYLOAD is 15000000" in outside
    assert outside == inside
    assert plant.rows() == []

    task_id = plant.run("new", f"give(kind.enqueue('x' * {MB}).id)")
    plant.ready(plant.worker("new"))
    assert plant.settled(task_id)[0]["status"] == "SUCCESSFUL"


@servers
def test_raised_limit_lets_through_what_the_broker_takes(plant: Plant) -> None:
    plant.ready(plant.worker("new"))

    task_id = plant.run("new", f"give(kind.enqueue('x' * {30 * MB}).id)", **ANY)

    assert plant.settled(task_id)[0]["status"] == "SUCCESSFUL"


@rabbitmq
def test_what_rabbitmq_refuses_is_not_lost_silently(plant: Plant) -> None:
    said, task_id = plant.run("new", TWICE, **ANY)

    assert "larger than" in said
    refused, small = plant.rows()
    assert (refused["status"], refused["id"]) == ("FAILED", task_id.replace("-", ""))
    assert refused["errors"][0]["exception_class_path"] == "bridge.exceptions.PayloadTooLarge"
    assert (small["status"], small["published_at"] is not None) == ("READY", True)

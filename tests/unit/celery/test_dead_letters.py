"""Messages for tasks that this code does not have."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from celery import Celery, chain, signature

from bridge.ledger.models import FAILED, READY, TaskRow
from compat.celery.backend import CeleryBackend
from compat.celery.deaths import unknown
from tests.app import tasks
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)
GONE = "shop.tasks.gone"


def receive(backend: CeleryBackend, broker: Broker) -> str:
    """Hand the waiting messages to a worker that does not know them; return the id of the last."""
    for message in broker.take():
        unknown(backend, "w", message.headers["id"], message.headers["task"], message)
    return str(message.headers["id"])


def test_task_with_a_row_fails(backend: CeleryBackend, broker: Broker) -> None:
    result = tasks.add.enqueue(1, 2)
    TaskRow.objects.update(task_path=GONE)

    receive(backend, broker)

    (row,) = TaskRow.objects.all()
    assert (row.status, str(row.id)) == (FAILED, result.id)
    assert row.errors[0]["exception_class_path"] == "bridge.exceptions.TaskNotFound"
    assert "'tests.app.tasks.add'" in row.errors[0]["traceback"]


def test_message_of_old_code_is_kept_with_its_arguments(
    backend: CeleryBackend, app: Celery, broker: Broker
) -> None:
    app.send_task(GONE, (1, uuid.UUID(int=7)), {"why": "a test"})

    task_id = receive(backend, broker)

    (row,) = TaskRow.objects.all()
    assert (str(row.id), row.status, row.task_path) == (task_id, FAILED, GONE)
    assert (row.args[0], row.kwargs) == (1, {"why": "a test"})
    assert row.finished_at is not None
    assert row.errors[0]["exception_class_path"] == "bridge.exceptions.TaskNotFound"


def test_kept_message_is_sent_again_once_its_task_is_back(
    backend: CeleryBackend, app: Celery, broker: Broker
) -> None:
    app.send_task(GONE, ("back",))
    task_id = receive(backend, broker)
    TaskRow.objects.update(task_path=tasks.note.module_path)

    assert backend.requeue(task_id).name == "DONE"

    (message,) = broker.take()
    assert message.headers["id"] == task_id
    assert message.payload[0] == ["back"]
    assert TaskRow.objects.get().status == READY


def test_same_message_twice_is_kept_once(
    backend: CeleryBackend, app: Celery, broker: Broker
) -> None:
    for _ in range(2):
        app.send_task(GONE, task_id="6a1f1d6e-3a0b-4f0e-8f7e-0a9a3f7b9c11")

    receive(backend, broker)

    assert TaskRow.objects.count() == 1


def test_part_of_a_chain_is_shown_and_not_requeued(
    backend: CeleryBackend, app: Celery, broker: Broker
) -> None:
    chain(signature(GONE, app=app), signature("shop.tasks.next", app=app)).apply_async()
    task_id = receive(backend, broker)
    TaskRow.objects.update(task_path=tasks.note.module_path)

    assert backend.requeue(task_id).name == "INCOMPLETE"


@pytest.mark.parametrize("value", [object(), lambda: None], ids=["object", "function"])
def test_message_that_cannot_be_read_leaves_no_row_and_says_so(
    backend: CeleryBackend, caplog: pytest.LogCaptureFixture, value: Any
) -> None:
    class Unreadable:
        payload = [[value], {}, {}]

    unknown(backend, "w", "6a1f1d6e-3a0b-4f0e-8f7e-0a9a3f7b9c11", GONE, Unreadable())

    assert not TaskRow.objects.exists()
    assert f"name={GONE} lost" in caplog.text

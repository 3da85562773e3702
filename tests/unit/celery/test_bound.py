"""`celery_self(context)`: what code written for a bound Celery task is given in its place."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from celery import Celery, Task
from celery.exceptions import MaxRetriesExceededError, Retry
from django.conf import settings
from django.test import override_settings

import bridge
from bridge.interface import TaskResultStatus
from compat.celery.backend import CeleryBackend
from compat.celery.bound import celery_self
from tests.unit.celery import declared
from tests.unit.celery.conftest import Broker
from tests.unit.celery.test_attempt import Worker

IMMEDIATE = {"default": {"BACKEND": "bridge.ImmediateBackend"}}
database = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))


@pytest.fixture
def worker(backend: CeleryBackend, app: Celery) -> Worker:
    declared.seen.clear()
    backend.on_ready()
    return Worker(app)


@pytest.fixture
def at_once() -> Any:
    declared.seen.clear()
    with override_settings(TASKS=IMMEDIATE):
        yield


def test_helper_written_for_celery_asks_for_attempts_until_the_limit_is_its_own_exception(
    at_once: None,
) -> None:
    result = declared.delivers.enqueue("down")

    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.attempts == 3
    assert declared.seen == [(0, 10, "again"), (1, 20, "again"), (2, 40, "given up")]
    assert result.return_value == "given up"


def test_helper_sees_a_celery_task(at_once: None) -> None:
    declared.looks.enqueue(1, b=2)

    (bound,) = declared.seen
    assert isinstance(bound, Task)
    assert bound.name == "tests.unit.celery.declared.looks"
    assert (bound.request.args, bound.request.kwargs, bound.request.retries) == ([1], {"b": 2}, 0)
    assert bound.request.called_directly is False
    assert bound.request.is_eager is True
    assert bound.request.properties is None
    assert bound.request.delivery_info == {"routing_key": "default"}
    assert (bound.max_retries, bound.default_retry_delay) == (3, 180)
    with pytest.raises(AttributeError):
        _ = bound.retry_kwargs


@database
def test_on_a_celery_worker_the_request_is_that_of_the_message(worker: Worker) -> None:
    task_id, state = worker.run(
        "tests.unit.celery.declared.looks",
        (1,),
        properties={"MessageGroupId": "north"},
        root_id="first",
        delivery_info={"routing_key": "mail"},
    )

    assert state == "SUCCESS"
    (bound,) = declared.seen
    assert bound.request.id == task_id
    assert bound.request.properties == {"MessageGroupId": "north"}
    assert (bound.request.root_id, bound.request.delivery_info["routing_key"]) == ("first", "mail")


@database
def test_what_is_said_to_the_broker_goes_with_the_next_message(
    worker: Worker, broker: Broker
) -> None:
    task_id, state = worker.run("tests.unit.celery.declared.grouped", ())

    assert state == "RETRY"
    (message,) = broker.take()
    assert message.headers["id"] == task_id
    assert message.headers["retries"] == 1
    assert message.properties["MessageGroupId"] == "north"


def test_direct_call_raises_the_cause_as_celery_did() -> None:
    with pytest.raises(Retry, match="Task can be retried"):
        declared.grouped()
    with pytest.raises(ConnectionError):
        declared.delivers("broken")


@pytest.mark.parametrize(
    ("change", "name"),
    [({"queue": "mail"}, "queue"), ({"args": (2,)}, "arguments"), ({"throw": False}, "throw")],
)
def test_retry_refuses_what_would_be_another_task(
    at_once: None, change: dict[str, Any], name: str
) -> None:
    result = declared.changes.enqueue(change)

    assert result.errors[-1].exception_class_path == "builtins.NotImplementedError"
    assert name in result.errors[-1].traceback


def test_retry_is_that_of_both_libraries_and_knows_when(at_once: None) -> None:
    at = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    declared.looks.enqueue()
    (bound,) = declared.seen

    with pytest.raises(bridge.Retry) as asked:
        bound.retry(eta=at)
    assert isinstance(asked.value, Retry)
    assert (asked.value.when, asked.value.at, asked.value.delay) == (at, at, None)  # type: ignore[attr-defined]
    with pytest.raises(Retry) as later:
        bound.retry(exc=OSError("down"))
    assert (later.value.when, str(later.value)) == (180, "Retry in 180s: OSError('down')")
    assert isinstance(later.value.__cause__, OSError)


def test_without_a_limit_of_its_own_the_task_goes_by_celerys(at_once: None) -> None:
    declared.looks.enqueue()
    (bound,) = declared.seen
    bound.request.retries = 3

    with pytest.raises(MaxRetriesExceededError, match="Can't retry tests"):
        bound.retry()
    with pytest.raises(LookupError):
        bound.retry(exc=LookupError())
    with pytest.raises(Retry):
        bound.retry(max_retries=4)


def test_it_knows_the_task_by_the_name_that_messages_carry(backend: CeleryBackend) -> None:
    from bridge.direct import direct_context
    from tests.app import tasks

    bound = celery_self(direct_context(tasks.note, [], {}), rate=1)

    assert (bound.name, bound.rate, bound.request.id) == ("legacy.note", 1, None)

"""What enqueue() writes and sends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from celery import Celery
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from bridge import EnqueueError
from bridge.interface import InvalidTask, TaskResultDoesNotExist, task_enqueued
from bridge.ledger.models import FAILED, READY, TaskRow, WorkerRow
from compat.celery.backend import CeleryBackend
from compat.celery.relay import relay
from tests.app import promises, tasks, unique
from tests.app.models import Run
from tests.unit.celery import declared
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)
SEND = "compat.celery.wire.send"


@pytest.fixture
def announced() -> Iterator[list[Any]]:
    """The results that task_enqueued announced."""
    results: list[Any] = []

    def hear(task_result: Any, **kwargs: Any) -> None:
        results.append(task_result)

    task_enqueued.connect(hear)
    yield results
    task_enqueued.disconnect(hear)


def test_message_is_the_one_celery_sends(
    backend: CeleryBackend, app: Celery, broker: Broker
) -> None:
    eta = timezone.now() + dt.timedelta(hours=1)
    result = tasks.add.using(run_after=eta).enqueue(1, b=2)

    @app.task(name="tests.app.tasks.add_of_old_code", shared=False)
    def add(a: int, b: int) -> int:
        return a + b

    add.apply_async((1,), {"b": 2}, eta=eta, task_id=result.id)

    ours, celerys = broker.take()
    assert ours.headers.pop("task") == "tests.app.tasks.add"
    assert celerys.headers.pop("task") == "tests.app.tasks.add_of_old_code"
    assert ours.headers.pop("bridge_row") is True
    assert ours.headers == celerys.headers
    assert ours.payload == celerys.payload
    assert ours.properties.keys() == celerys.properties.keys()
    assert ours.headers["id"] == result.id


def test_deadline_is_on_the_wire_as_celery_says_it(backend: CeleryBackend, broker: Broker) -> None:
    result = declared.mailed.enqueue("x")

    (message,) = broker.take("mail")
    row = TaskRow.objects.get(id=result.id)
    assert dt.datetime.fromisoformat(message.headers["expires"]) == row.expires_at
    assert "expiration" not in message.properties  # the broker would drop it unheard


def test_custom_name_and_queue_and_priority_are_on_the_wire(
    backend: CeleryBackend, broker: Broker
) -> None:
    tasks.note.using(queue_name="mail", priority=-100).enqueue("x")

    (message,) = broker.take("mail")
    assert message.headers["task"] == "legacy.note"
    assert message.properties["priority"] == 9  # the in-memory transport serves 0 first


def test_routes_of_celery_apply_to_the_default_queue_only(
    backend: CeleryBackend, app: Celery, broker: Broker
) -> None:
    app.conf.task_routes = {"tests.app.tasks.*": {"queue": "routed"}}

    tasks.add.enqueue(1, 2)
    tasks.add.using(queue_name="mail").enqueue(1, 2)

    assert len(broker.take("routed")) == 1
    assert len(broker.take("mail")) == 1


def test_row_is_published_and_announced(
    backend: CeleryBackend, broker: Broker, announced: list[Any]
) -> None:
    result = tasks.add.enqueue(1, 2)

    row = TaskRow.objects.get(id=result.id)
    assert (row.status, row.transport, row.args) == (READY, "celery", [1, 2])
    assert row.enqueued_at < row.published_at
    assert [known.id for known in announced] == [result.id]


def test_nothing_is_sent_before_the_commit(backend: CeleryBackend, broker: Broker) -> None:
    with transaction.atomic():
        result = tasks.add.enqueue(1, 2)
        assert broker.take() == []
        assert backend.get_result(result.id).status == READY

    assert len(broker.take()) == 1
    assert TaskRow.objects.get().published_at is not None


def test_many_calls_are_sent_together_or_not_at_all(backend: CeleryBackend, broker: Broker) -> None:
    with pytest.raises(TypeError):
        tasks.add.enqueue_many([(1, 2), (object(), 3)])
    assert (TaskRow.objects.count(), broker.take()) == (0, [])

    results = tasks.add.enqueue_many([(1, 2), (3, 4)])
    assert [message.headers["id"] for message in broker.take()] == results.ids


def test_rollback_leaves_neither_row_nor_message(backend: CeleryBackend, broker: Broker) -> None:
    with transaction.atomic():
        tasks.add.enqueue(1, 2)
        transaction.set_rollback(True)

    assert broker.take() == []
    assert not TaskRow.objects.exists()


def test_broker_down_outside_a_transaction_raises_and_takes_the_row_back(
    backend: CeleryBackend, announced: list[Any]
) -> None:
    with mock.patch(SEND, side_effect=OperationalError("refused")):
        with pytest.raises(EnqueueError, match=r"'tests.app.tasks.add'.*refused") as caught:
            tasks.add.enqueue(1, 2)

    assert isinstance(caught.value.__cause__, OperationalError)
    assert not TaskRow.objects.exists()
    assert announced == []


def test_broker_down_after_the_commit_keeps_the_row_for_the_relay(
    backend: CeleryBackend, caplog: pytest.LogCaptureFixture
) -> None:
    with mock.patch(SEND, side_effect=OperationalError("refused")), transaction.atomic():
        result = tasks.add.enqueue(1, 2)

    row = TaskRow.objects.get(id=result.id)
    assert (row.status, row.published_at) == (READY, None)
    assert f"task={result.id}" in caplog.text


def test_broker_down_keeps_a_unique_row_that_somebody_else_may_have_got(
    backend: CeleryBackend, caplog: pytest.LogCaptureFixture
) -> None:
    others: list[str] = []

    def refuse(*args: Any) -> None:
        if not others:  # while the first caller still waits for the broker
            others.append("")
            others[0] = unique.sync.enqueue(1).id
        raise OperationalError("refused")

    with mock.patch(SEND, side_effect=refuse):
        result = unique.sync.enqueue(1)

    assert others == [result.id]
    row = TaskRow.objects.get(id=result.id)
    assert (row.status, row.published_at) == (READY, None)
    assert f"task={result.id}" in caplog.text


@pytest.mark.parametrize("argument", [object(), dt.datetime(2026, 1, 1), {1, 2}, float("nan")])
def test_arguments_that_are_not_json_are_refused_before_anything_happens(
    backend: CeleryBackend, broker: Broker, argument: object
) -> None:
    with pytest.raises((TypeError, ValueError)):
        tasks.note.enqueue(argument)  # type: ignore[arg-type]

    assert broker.take() == []
    assert not TaskRow.objects.exists()


def test_unknown_queue_is_refused(backend: CeleryBackend) -> None:
    with pytest.raises(InvalidTask, match="nowhere"):
        tasks.note.using(queue_name="nowhere").enqueue("x")


def test_async_callers_enqueue_too(backend: CeleryBackend, broker: Broker) -> None:
    result = async_to_sync(tasks.add.aenqueue)(1, 2)

    assert [message.headers["id"] for message in broker.take()] == [result.id]


def test_unknown_id_has_no_result(backend: CeleryBackend) -> None:
    with pytest.raises(TaskResultDoesNotExist):
        backend.get_result("01a1fd57-c29f-71ce-a23f-e384e36ce66a")


class TestEager:
    """task_always_eager: Celery runs the task inside enqueue(), transaction or not."""

    @pytest.fixture(autouse=True)
    def _eager(self, app: Celery, backend: CeleryBackend) -> None:
        app.conf.task_always_eager = True

    def test_result_is_finished(self) -> None:
        with transaction.atomic():
            result = tasks.add.enqueue(1, 2)

        assert (result.is_finished, result.return_value) == (True, 3)
        assert len(result.worker_ids) == 1
        assert not WorkerRow.objects.exists()

    def test_task_that_waits_for_the_commit_runs_after_it(self) -> None:
        with transaction.atomic():
            result = promises.note_on_commit.enqueue("x")
            assert (result.status, Run.objects.count()) == (READY, 0)

        result.refresh()
        assert (result.status, Run.objects.count()) == ("SUCCESSFUL", 1)

    def test_run_after_does_not_wait(self) -> None:
        task = tasks.add.using(run_after=dt.timedelta(hours=1), priority=50, queue_name="mail")

        assert task.enqueue(1, 2).return_value == 3

    def test_policy_decides_about_retries(self) -> None:
        result = tasks.unreachable.enqueue("x")

        assert (result.status, len(result.errors)) == ("FAILED", 3)
        assert Run.objects.count() == 3

    def test_propagated_exception_reaches_the_caller(self, app: Celery) -> None:
        app.conf.task_eager_propagates = True

        with pytest.raises(ValueError, match="boom"):
            tasks.fail.enqueue("boom")

        assert TaskRow.objects.get().status == "FAILED"

    def test_context_and_coroutines_work(self) -> None:
        assert tasks.attempt_number.enqueue(offset=1).return_value == 2
        assert tasks.add_later.enqueue(1, 2).return_value == 3


def test_nobody_subscribes_to_a_result_that_nobody_waits_for(
    backend: CeleryBackend, app: Celery, broker: Broker
) -> None:
    with mock.patch.object(type(app.backend), "on_task_call") as subscribe:
        tasks.add.enqueue(1, 2)

    subscribe.assert_not_called()
    (message,) = broker.take()
    assert message.headers["ignore_result"] is False


def test_task_that_was_claimed_although_the_broker_refused_it_is_enqueued(
    backend: CeleryBackend, announced: list[Any]
) -> None:
    """A broker that takes a message and breaks the connection before it says so."""

    def claim_and_refuse(*arguments: Any) -> None:
        row = TaskRow.objects.get()
        assert backend.store.messages.claim(row, worker="w", worker_id="w", has_row=True)
        raise OperationalError("connection reset")

    with mock.patch(SEND, side_effect=claim_and_refuse):
        result = tasks.add.enqueue(1, 2)

    assert [result.id] == [each.id for each in announced]
    assert str(TaskRow.objects.get().id) == result.id


class TestManualTransactions:
    """set_autocommit(False): the caller commits."""

    @pytest.fixture(autouse=True)
    def _manual(self, backend: CeleryBackend) -> Iterator[None]:
        transaction.set_autocommit(False)
        yield
        transaction.rollback()
        transaction.set_autocommit(True)

    def test_message_leaves_after_the_commit(self, broker: Broker) -> None:
        result = tasks.add.enqueue(1, 2)
        tasks.add.enqueue_many([(3, 4)])
        assert broker.take() == []

        transaction.commit()
        transaction.set_autocommit(True)

        messages = broker.take()
        assert len(messages) == 2
        assert messages[0].headers["id"] == result.id

    def test_relay_finds_what_is_committed_by_a_caller_who_never_turns_it_on_again(
        self, backend: CeleryBackend, broker: Broker
    ) -> None:
        result = tasks.add.enqueue(1, 2)
        TaskRow.objects.update(enqueued_at=timezone.now() - dt.timedelta(minutes=1))
        transaction.commit()

        assert relay(backend) == 1
        assert [message.headers["id"] for message in broker.take()] == [result.id]

    def test_rollback_leaves_neither_row_nor_message(self, broker: Broker) -> None:
        tasks.add.enqueue(1, 2)
        transaction.rollback()
        transaction.set_autocommit(True)

        assert broker.take() == []
        assert not TaskRow.objects.exists()


@pytest.mark.parametrize("again", [False, True])
def test_message_is_not_doubled_by_a_relay_that_is_faster_than_the_publisher(
    backend: CeleryBackend, broker: Broker, again: bool
) -> None:
    """An old row may be a relay's as soon as it is committed; old workers would run it twice."""
    long_ago = timezone.now() - dt.timedelta(minutes=1)
    with transaction.atomic():
        transaction.on_commit(lambda: relay(backend))
        with mock.patch("bridge.ledger.inserting.timezone.now", return_value=long_ago):
            result = tasks.add.enqueue(1, 2)
    if again:
        TaskRow.objects.update(status=FAILED, errors=[])
        broker.take()
        with transaction.atomic():
            transaction.on_commit(lambda: relay(backend))
            backend.requeue(str(result.id))

    (message,) = broker.take()
    assert message.headers["id"] == str(result.id)
    assert TaskRow.objects.get().published_at is not None


def test_old_row_that_the_broker_refuses_at_the_commit_is_relayed(
    backend: CeleryBackend, broker: Broker
) -> None:
    long_ago = timezone.now() - dt.timedelta(minutes=1)
    with mock.patch(SEND, side_effect=OperationalError("away")), transaction.atomic():
        with mock.patch("bridge.ledger.inserting.timezone.now", return_value=long_ago):
            tasks.add.enqueue(1, 2)

    assert TaskRow.objects.get().published_at is None
    assert relay(backend) == 1

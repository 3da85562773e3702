"""What enqueue() writes and sends; the behaviours that Huey's own tests of its backend ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from django.utils import timezone
from huey import Huey
from huey.registry import Message

from bridge import EnqueueError
from bridge.interface import InvalidTask, TaskResultDoesNotExist, TaskResultMismatch
from bridge.ledger.models import FAILED, READY, SUCCESSFUL, TaskRow, WorkerRow
from compat.huey.backend import HueyBackend
from tests.app import promises, tasks
from tests.app.models import Run
from tests.unit.huey import declared, hueys
from tests.unit.huey.conftest import Consumer

pytestmark = pytest.mark.django_db(transaction=True)
SEND = "compat.huey.wire.send"


def messages(huey: Huey) -> list[Message]:
    return [huey.serializer.deserialize(data) for data in huey.storage.enqueued_items()]


def test_message_is_the_one_huey_sends(backend: HueyBackend, huey: Huey) -> None:
    eta = timezone.now() + dt.timedelta(hours=1)
    result = tasks.add.using(run_after=eta, priority=5).enqueue(1, b=2)

    def add(a: int, b: int) -> int:
        return a + b

    legacy = huey.task(name="add_of_old_code", priority=5)(add)
    huey.enqueue(legacy.task_class((1,), {"b": 2}, id=result.id, eta=eta.replace(tzinfo=None)))

    ours, hueys_own = (message._asdict() for message in messages(huey))
    assert ours.pop("name") == "tests.app.tasks.add"
    assert hueys_own.pop("name").endswith(".add_of_old_code")
    # What is None a consumer takes from the declaration that it knows.
    silent = {"retries": 0, "retry_delay": 0, "retry_backoff": 0}
    assert {**ours, **silent} == hueys_own
    assert {ours[name] for name in silent} == {None}


def test_custom_name_is_on_the_wire(backend: HueyBackend, huey: Huey) -> None:
    tasks.note.enqueue("x")

    assert [message.name for message in messages(huey)] == ["legacy.note"]


def test_arguments_that_have_the_names_of_hueys_options_arrive(
    backend: HueyBackend, consumer: Consumer
) -> None:
    result = declared.keywords.enqueue(id=1, eta=2, delay=3, retries=4, priority=5)

    consumer.run_next()

    result.refresh()
    assert result.return_value == {"id": 1, "eta": 2, "delay": 3, "retries": 4, "priority": 5}


def test_queue_goes_to_its_huey(configure: Callable[..., HueyBackend], huey: Huey) -> None:
    configure(
        HUEYS={"default": "tests.unit.huey.hueys.one", "mail": "tests.unit.huey.hueys.two"}
    ).on_ready()
    hueys.two.flush()

    tasks.add.enqueue(1, 2)
    tasks.add.using(queue_name="mail").enqueue(3, 4)

    assert [message.args for message in messages(huey)] == [(1, 2)]
    assert [message.args for message in messages(hueys.two)] == [(3, 4)]


def test_result_is_that_of_the_run(backend: HueyBackend, consumer: Consumer) -> None:
    result = tasks.add.enqueue(2, 3)
    assert (result.status, result.started_at) == (READY, None)
    assert result.enqueued_at is not None

    consumer.run_next()

    result.refresh()
    assert (result.status, result.return_value, result.attempts) == (SUCCESSFUL, 5, 1)
    assert result.started_at is not None
    assert result.finished_at is not None


def test_failure_keeps_its_class_and_traceback(backend: HueyBackend, consumer: Consumer) -> None:
    result = tasks.fail.enqueue("kapow")

    consumer.run_next()

    result.refresh()
    assert (result.status, len(result.errors)) == (FAILED, 1)
    assert result.errors[0].exception_class is ValueError
    assert "kapow" in result.errors[0].traceback
    with pytest.raises(ValueError):
        result.return_value  # noqa: B018


def test_results_are_found_by_id(backend: HueyBackend) -> None:
    result = tasks.add.enqueue(1, 1)

    assert backend.get_result(result.id).args == [1, 1]
    assert tasks.add.get_result(result.id).id == result.id
    with pytest.raises(TaskResultMismatch):
        tasks.fail.get_result(result.id)
    with pytest.raises(TaskResultDoesNotExist):
        backend.get_result("missing")


def test_higher_priorities_run_first(backend: HueyBackend, huey: Huey) -> None:
    for number, priority in enumerate([0, 10, -10]):
        tasks.add.using(priority=priority).enqueue(number, 0)

    assert [huey.dequeue().args[0] for _ in range(3)] == [1, 0, 2]


def test_naive_time_is_refused_and_an_aware_one_waits(
    backend: HueyBackend, consumer: Consumer, huey: Huey
) -> None:
    run_after = timezone.now() + dt.timedelta(minutes=5)
    with pytest.raises(InvalidTask):
        tasks.add.using(run_after=run_after.replace(tzinfo=None))
    result = tasks.add.using(run_after=run_after).enqueue(1, 2)

    consumer.run_next()

    (waiting,) = huey.scheduled()
    assert (waiting.retries, waiting.said.retries) == (None, None)  # Huey sends it on like this
    assert TaskRow.objects.get(id=result.id).status == READY
    consumer.run_scheduled()
    assert TaskRow.objects.get(id=result.id).status == SUCCESSFUL


def test_value_that_is_not_json_fails_the_task(backend: HueyBackend, consumer: Consumer) -> None:
    result = promises.returns_an_object.enqueue()

    consumer.run_next()

    result.refresh()
    assert (result.status, len(result.errors)) == (FAILED, 1)


def test_nothing_is_sent_before_the_commit(backend: HueyBackend, huey: Huey) -> None:
    with transaction.atomic():
        result = tasks.add.enqueue(5, 5)
        assert huey.pending_count() == 0
        assert backend.get_result(result.id).status == READY

    assert huey.pending_count() == 1


def test_rollback_leaves_neither_row_nor_message(backend: HueyBackend, huey: Huey) -> None:
    with transaction.atomic():
        tasks.add.enqueue(1, 2)
        transaction.set_rollback(True)

    assert (huey.pending_count(), TaskRow.objects.count()) == (0, 0)


def test_storage_down_outside_a_transaction_raises_and_takes_the_row_back(
    backend: HueyBackend,
) -> None:
    with mock.patch(SEND, side_effect=ConnectionError("refused")):
        with pytest.raises(EnqueueError, match="refused"):
            tasks.add.enqueue(1, 2)

    assert not TaskRow.objects.exists()


def test_relay_sends_what_the_storage_refused_once(backend: HueyBackend, huey: Huey) -> None:
    with mock.patch(SEND, side_effect=ConnectionError("refused")), transaction.atomic():
        result = tasks.add.enqueue(1, 2)
    TaskRow.objects.update(enqueued_at=timezone.now() - dt.timedelta(minutes=1))

    assert [backend.relay(), backend.relay()] == [1, 0]
    assert [message.id for message in messages(huey)] == [result.id]


class TestImmediate:
    """Huey runs the task inside enqueue(), transaction or not."""

    @pytest.fixture(autouse=True)
    def _immediate(self, huey: Huey, backend: HueyBackend) -> None:
        huey.immediate = True

    def test_result_is_finished(self) -> None:
        with transaction.atomic():
            result = tasks.add.enqueue(1, 2)

        assert (result.is_finished, result.return_value) == (True, 3)
        assert not WorkerRow.objects.exists()

    def test_run_after_does_not_wait(self) -> None:
        later = tasks.add.using(run_after=dt.timedelta(hours=1))

        assert later.enqueue(1, 2).return_value == 3

    def test_policy_decides_about_retries(self) -> None:
        result = tasks.unreachable.enqueue("x")

        assert (result.status, len(result.errors)) == (FAILED, 3)
        assert Run.objects.count() == 3

    def test_context_and_coroutines_work(self) -> None:
        assert tasks.attempt_number.enqueue(offset=1).return_value == 2
        assert tasks.add_later.enqueue(1, 2).return_value == 3

    def test_refusal_by_a_hook_fails_the_task(self, huey: Huey) -> None:
        from huey.exceptions import CancelExecution

        @huey.pre_execute()
        def refuse(task: Any) -> None:
            raise CancelExecution

        assert tasks.add.enqueue(1, 2).status == FAILED
        assert not WorkerRow.objects.exists()

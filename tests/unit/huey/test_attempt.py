"""What a consumer does with a message: one claim, one run, and word to Huey."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from huey import CancelExecution, Huey, RetryTask
from huey.exceptions import RateLimitExceeded

from bridge.ledger.models import FAILED, READY, RUNNING, SUCCESSFUL, TaskRow
from bridge.outcome import Failed, Outcome, RetryLater, describe
from compat.huey import telling
from compat.huey.backend import HueyBackend
from compat.huey.task import BridgedTask
from tests.app import tasks
from tests.app.models import Run
from tests.unit.huey import declared  # noqa: F401 (tasks that messages name)
from tests.unit.huey.conftest import Consumer

pytestmark = pytest.mark.django_db(transaction=True)


def legacy(huey: Huey, name: str, *args: Any, **options: Any) -> str:
    """Send what old code would; return its id."""
    task = huey._registry.string_to_task(name)(args, **{"retries": 0, **options})
    huey.enqueue(task)
    return str(task.id)


def test_message_of_old_code_gets_a_row(
    backend: HueyBackend, consumer: Consumer, huey: Huey
) -> None:
    when = dt.datetime(2026, 1, 1)
    task_id = legacy(huey, "legacy.note", "x", priority=250, eta=when)

    consumer.run_next()

    row = TaskRow.objects.get(id=task_id)
    assert (row.status, row.task_path, row.args) == (SUCCESSFUL, tasks.note.module_path, ["x"])
    assert (row.enqueued_at, row.priority) == (None, 100)
    assert row.run_after == when.replace(tzinfo=dt.UTC)


def test_custom_message_id_has_a_row_of_its_own(
    backend: HueyBackend, consumer: Consumer, huey: Huey
) -> None:
    for _ in range(2):
        legacy(huey, "legacy.note", "x", id="nightly-report")
        consumer.run_next()

    assert Run.objects.count() == TaskRow.objects.count() == 1


@pytest.mark.parametrize("state", [RUNNING, FAILED, SUCCESSFUL])
def test_second_delivery_is_dropped_and_changes_nothing(
    backend: HueyBackend, consumer: Consumer, huey: Huey, state: str
) -> None:
    result = tasks.note.enqueue("x")
    TaskRow.objects.update(status=state)
    huey.put_result(result.id, "kept")

    consumer.run_next()

    assert Run.objects.count() == 0
    assert TaskRow.objects.get().status == state
    assert huey.result(result.id) == "kept"


def test_message_whose_row_was_deleted_runs_nothing(
    backend: HueyBackend, consumer: Consumer
) -> None:
    tasks.note.enqueue("x")
    TaskRow.objects.all().delete()

    consumer.run_next()

    assert (Run.objects.count(), TaskRow.objects.count()) == (0, 0)


def test_message_of_an_earlier_attempt_waits_for_nothing_and_the_relay_sends_another(
    backend: HueyBackend, consumer: Consumer
) -> None:
    result = tasks.note.enqueue("x")
    later = timezone.now() + dt.timedelta(hours=1)
    TaskRow.objects.update(token=1, worker_ids=["w"], run_after=later)

    consumer.run_next()

    row = TaskRow.objects.get(id=result.id)
    assert (row.status, row.published_at, Run.objects.count()) == (READY, None, 0)


def test_next_attempt_is_in_the_schedule_and_marked_as_sent(
    backend: HueyBackend, consumer: Consumer, huey: Huey
) -> None:
    result = tasks.unreachable.enqueue("x")

    consumer.run_next()

    row = TaskRow.objects.get(id=result.id)
    if huey.scheduled_count():
        assert (row.status, row.published_at is None) == (READY, False)
    else:  # its policy waits for nothing: Huey has it in the queue again
        assert (row.status, huey.pending_count()) == (READY, 1)


@pytest.mark.parametrize(("retries", "runs"), [(0, 1), (1, 2)])
def test_retries_of_an_old_message_are_kept(
    backend: HueyBackend, consumer: Consumer, huey: Huey, retries: int, runs: int
) -> None:
    task_id = legacy(huey, "tests.app.tasks.fail", "boom", retries=retries, retry_delay=5)

    consumer.run_next()
    for _ in range(retries):
        (task,) = huey.scheduled()
        assert (task.retries, task.retry_delay) == (0, 5)
        TaskRow.objects.update(run_after=timezone.now())
        consumer.run_scheduled()

    row = TaskRow.objects.get(id=task_id)
    assert (row.status, len(row.errors), len(row.worker_ids)) == (FAILED, runs, runs)


def test_timeout_of_an_old_message_is_kept_by_the_executor(
    backend: HueyBackend, consumer: Consumer, huey: Huey
) -> None:
    task_id = legacy(huey, "legacy.note", "x", timeout=7)

    task = consumer.run_next()

    assert (task.timeout, task.said.timeout) == (None, 7)
    assert task.attempt.result.task.timeout == 7
    assert TaskRow.objects.get(id=task_id).status == SUCCESSFUL


def test_arguments_that_are_not_json_run_as_they_are(
    backend: HueyBackend, consumer: Consumer, huey: Huey
) -> None:
    legacy(huey, "tests.unit.huey.declared.kind_of", dt.datetime(2026, 1, 1))
    legacy(huey, "tests.unit.huey.declared.kind_of", object)

    consumer.run_next()
    consumer.run_next()

    first, second = TaskRow.objects.order_by("started_at")
    assert [first.return_value, second.return_value] == ["datetime", "type"]
    assert (first.on_lost, second.on_lost) == ("retry", "fail")
    assert second.args == ["<class 'object'>"]


def test_refusal_by_a_hook_after_the_claim_fails_the_task(
    backend: HueyBackend, consumer: Consumer, huey: Huey
) -> None:
    @huey.pre_execute()
    def refuse(task: Any) -> None:
        raise CancelExecution

    result = tasks.note.enqueue("x")
    consumer.run_next()

    result.refresh()
    assert result.status == FAILED
    assert result.errors[0].exception_class is CancelExecution
    assert Run.objects.count() == 0


def test_expired_and_revoked_messages_fail_their_tasks(
    backend: HueyBackend, consumer: Consumer, huey: Huey
) -> None:
    expired = tasks.note.using(expires=dt.timedelta(microseconds=1)).enqueue("x")
    revoked = tasks.note.enqueue("y")
    huey.revoke_by_id(revoked.id)

    consumer.run_next()
    consumer.run_next()

    classes = []
    for result in (expired, revoked):
        result.refresh()
        classes.append(result.errors[0].exception_class.__name__)
    assert classes == ["TaskExpired", "TaskCancelled"]


class TestHueysExceptions:
    """What the exceptions of Huey's API ask for in a body."""

    @pytest.fixture
    def message(self, huey: Huey) -> BridgedTask:
        return BridgedTask(retries=0, retry_delay=3)

    @staticmethod
    def failed(error: BaseException) -> Failed:
        return Failed(exception=error, error=describe(error))

    @staticmethod
    def again(error: BaseException) -> RetryLater:
        return RetryLater(exception=error, error=describe(error), delay=9)

    def test_others_are_left_to_the_policy(self, message: BridgedTask) -> None:
        for outcome in (self.failed(ValueError()), self.again(ValueError())):
            assert telling.understood(outcome, message) is outcome

    @pytest.mark.parametrize(
        ("error", "delay"),
        [
            (RateLimitExceeded("key", 4, retry=True), 3),
            (CancelExecution(retry=True), 3),
            (RetryTask(), 3),
        ],
    )
    def test_some_run_again_without_a_policy(
        self, message: BridgedTask, error: Exception, delay: float
    ) -> None:
        outcome: Outcome = telling.understood(self.failed(error), message)

        assert isinstance(outcome, RetryLater)
        assert outcome.delay == delay

    def test_retry_task_waits_as_it_says(self, message: BridgedTask, huey: Huey) -> None:
        message.huey = huey

        outcome = telling.understood(self.failed(RetryTask(delay=60)), message)

        assert isinstance(outcome, RetryLater)
        assert outcome.delay == pytest.approx(60, abs=30)

    def test_cancelling_without_retry_ends_the_task(self, message: BridgedTask) -> None:
        outcome = telling.understood(self.again(CancelExecution(retry=False)), message)

        assert isinstance(outcome, Failed)

    def test_keyboard_interrupt_of_a_body_is_no_interruption(self) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            outcome = self.failed(error)

        assert not telling.is_interrupted(outcome)
        assert isinstance(telling.failure(outcome, final=True), RuntimeError)

"""What a worker does with a message: one claim, one run, and word to Celery."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from celery import Celery
from celery.app.trace import build_tracer
from django.conf import settings
from kombu.exceptions import OperationalError

from bridge.ledger.messages import UNRECORDED
from bridge.ledger.models import FAILED, READY, RUNNING, SUCCESSFUL, TaskRow
from compat.celery import holder
from compat.celery.backend import CeleryBackend
from tests.app import tasks
from tests.app.models import Run
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))


class Worker:
    """Runs messages in this process the way a Celery worker does."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        holder.take("unit@host")

    def run(self, name: str, args: Any, kwargs: Any = None, **request: Any) -> tuple[str, str]:
        """Run a message; return its id and the state Celery ends it with."""
        task_id = request.pop("task_id", None) or str(uuid4())
        task = self.app.tasks[name]
        request = {"id": task_id, "task": name, "retries": 0, "delivery_info": {}, **request}
        trace = build_tracer(name, task, app=self.app)
        info = trace(task_id, args, kwargs or {}, request).info
        return task_id, "SUCCESS" if info is None else info.state

    def run_next(self, broker: Broker) -> tuple[str, str]:
        """Run the only message of the queue."""
        (message,) = broker.take()
        headers = message.headers
        (args, kwargs, _) = message.payload
        return self.run(
            headers["task"], args, kwargs, task_id=headers["id"], retries=headers["retries"]
        )


@pytest.fixture
def worker(backend: CeleryBackend, app: Celery) -> Worker:
    backend.on_ready()
    return Worker(app)


def row(task_id: str) -> TaskRow:
    return TaskRow.objects.get(id=task_id)


def test_bridged_message_runs_and_celery_hears_the_value(
    worker: Worker, broker: Broker, app: Celery
) -> None:
    result = tasks.add.enqueue(1, 2)

    assert worker.run_next(broker) == (result.id, "SUCCESS")
    result.refresh()
    assert result.return_value == 3
    assert app.AsyncResult(result.id).get() == 3


def test_message_of_old_code_gets_a_row(worker: Worker) -> None:
    task_id, state = worker.run(
        "legacy.note",
        ("x",),
        delivery_info={"routing_key": "mail", "priority": 9},
        eta="2026-01-01T09:00:00+09:00",
    )

    stored = row(task_id)
    assert (state, stored.status, stored.task_path) == (
        "SUCCESS",
        SUCCESSFUL,
        tasks.note.module_path,
    )
    assert (stored.args, stored.enqueued_at, stored.priority) == (["x"], None, -100)
    assert stored.run_after == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert Run.objects.count() == 1


def test_custom_message_id_has_a_row_of_its_own(worker: Worker) -> None:
    for _ in range(2):
        worker.run("tests.app.tasks.note", ("x",), task_id="nightly-report")

    assert Run.objects.count() == TaskRow.objects.count() == 1


@pytest.mark.parametrize("state", [RUNNING, FAILED, SUCCESSFUL])
def test_second_delivery_is_dropped_and_changes_nothing(
    worker: Worker, app: Celery, caplog: pytest.LogCaptureFixture, state: str
) -> None:
    result = tasks.note.enqueue("x")
    TaskRow.objects.update(status=state)
    app.backend.mark_as_failure(result.id, ValueError("kept"))
    app.conf.task_track_started = True

    assert worker.run("legacy.note", ("x",), task_id=result.id)[1] == "IGNORED"

    assert row(result.id).status == state
    assert app.AsyncResult(result.id).state == "FAILURE"
    assert caplog.text.count(f"task={result.id}") == 1
    assert not Run.objects.exists()


def test_fenced_message_is_dropped(worker: Worker) -> None:
    result = tasks.note.enqueue("x")
    TaskRow.objects.update(transport="db")

    assert worker.run("legacy.note", ("x",), task_id=result.id)[1] == "IGNORED"
    assert row(result.id).status == READY


def test_late_copy_of_an_earlier_attempts_message_is_dropped(
    worker: Worker, broker: Broker
) -> None:
    result = tasks.unreachable.enqueue("x")
    assert worker.run_next(broker)[1] == "RETRY"

    assert worker.run(str(tasks.unreachable), ("x",), task_id=result.id)[1] == "IGNORED"
    assert (row(result.id).status, Run.objects.count()) == (READY, 1)
    assert worker.run_next(broker)[1] == "RETRY"


def test_policy_retries_until_its_attempts_are_used_up(worker: Worker, broker: Broker) -> None:
    result = tasks.unreachable.enqueue("x")

    assert [worker.run_next(broker)[1] for _ in range(3)] == ["RETRY", "RETRY", "FAILURE"]
    result.refresh()
    assert (result.status, len(result.errors), result.attempts) == (FAILED, 3, 3)
    assert broker.take() == []


def test_attempts_of_old_workers_count(worker: Worker) -> None:
    """Celery's retries header says how often the task has run where there is no ledger."""
    name = str(tasks.unreachable)
    task_id, state = worker.run(name, ("x",), retries=2)

    assert state == "FAILURE"  # its third attempt of three
    stored = row(task_id)
    assert stored.worker_ids[:2] == [UNRECORDED] * 2
    assert len(stored.worker_ids) == 3
    assert worker.run(str(tasks.attempt_number), (), retries=1)[1] == "SUCCESS"
    assert TaskRow.objects.get(task_path=str(tasks.attempt_number)).return_value == 2


def test_old_workers_retry_of_our_message_goes_on_where_it_stopped(worker: Worker) -> None:
    result = tasks.attempt_number.enqueue()

    assert worker.run(str(tasks.attempt_number), (), task_id=result.id, retries=1)[1] == "SUCCESS"
    result.refresh()
    assert (result.return_value, result.attempts) == (2, 2)


def test_failure_reaches_celery_as_the_original_exception(
    worker: Worker, broker: Broker, app: Celery
) -> None:
    result = tasks.fail.enqueue("boom")

    assert worker.run_next(broker)[1] == "FAILURE"
    error = app.AsyncResult(result.id).result
    assert (type(error), str(error)) == (ValueError, "boom")


def test_arguments_json_does_not_have_run_as_they_are(worker: Worker) -> None:
    """Old code may send dates, which Celery's JSON revives, or pickle anything."""
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    task_id, _ = worker.run(str(tasks.note), (moment,))
    stored = row(task_id)
    assert stored.args == [{"__type__": "datetime", "__value__": "2026-01-01T00:00:00+00:00"}]
    assert stored.on_lost == "retry"

    task_id, state = worker.run(str(tasks.note), ({1},))
    assert (state, row(task_id).args, row(task_id).on_lost) == ("SUCCESS", ["{1}"], "fail")


def test_message_with_the_rest_of_a_chain_is_not_run_again_without_it(worker: Worker) -> None:
    task_id, _ = worker.run(str(tasks.note), ("x",), errbacks=[{"task": "rest"}])

    assert row(task_id).on_lost == "fail"


class TestRefusedRetry:
    """The broker does not take the next attempt's message."""

    @pytest.fixture(autouse=True)
    def _refuse(self, worker: Worker) -> Any:
        with mock.patch.object(worker.app, "send_task", side_effect=OperationalError("refused")):
            yield

    def test_relay_has_it(self, worker: Worker) -> None:
        task_id, state = worker.run(str(tasks.unreachable), ("x",))

        assert state == "IGNORED"
        assert (row(task_id).status, row(task_id).published_at) == (READY, None)

    def test_fails_what_no_relay_can_send(self, worker: Worker) -> None:
        task_id, _ = worker.run(str(tasks.unreachable), ({1},))

        stored = row(task_id)
        assert stored.status == FAILED
        assert stored.errors[-1]["exception_class_path"] == "bridge.exceptions.EnqueueError"


def test_process_that_its_pool_terminates_leaves_the_row_to_the_pool(worker: Worker) -> None:
    with (
        mock.patch.object(tasks.Run.objects, "create", side_effect=SystemExit(-241)),
        pytest.raises(SystemExit),
    ):
        worker.run("legacy.note", ("x",))

    assert TaskRow.objects.get().status == RUNNING


def test_exit_of_the_body_fails_the_task_and_not_the_process(worker: Worker) -> None:
    with mock.patch.object(tasks.Run.objects, "create", side_effect=SystemExit(3)):
        assert worker.run("legacy.note", ("x",))[1] == "FAILURE"

    (error,) = TaskRow.objects.get().errors
    assert error["exception_class_path"] == "builtins.SystemExit"


def test_started_is_stored_where_celery_would_store_it(worker: Worker, app: Celery) -> None:
    app.conf.task_track_started = True
    seen: list[str] = []

    def look(**kwargs: Any) -> None:
        seen.append(app.AsyncResult(task_id).state)

    task_id = str(uuid4())
    with mock.patch.object(tasks.Run.objects, "create", side_effect=look):
        worker.run("legacy.note", ("x",), task_id=task_id)

    assert seen == ["STARTED"]

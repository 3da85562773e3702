"""CeleryBackend without a ledger: what enqueue() sends, and what is said of a task."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from celery import Celery, states
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from bridge import EnqueueError, HardTimeout, Retry, Task, WorkerLost, enqueue_batch, execution
from bridge.checks.kinds import WRONG_CELERY_OPTION
from bridge.checks.policies import check_policies
from bridge.interface import (
    InvalidTask,
    TaskResultDoesNotExist,
    task_backends,
    task_enqueued,
    task_finished,
)
from bridge.ledger.messages import UNRECORDED
from bridge.ledger.models import READY, TaskRow
from compat.celery import registration, stamp
from compat.celery.backend import CeleryBackend
from compat.celery.native.backend import NativeCeleryBackend
from compat.celery.native.deaths import watch
from tests.app import retries, tasks, unique
from tests.unit.celery.conftest import Broker

SEND = "compat.celery.wire.publish"


@pytest.fixture
def native(configure: Callable[..., Any], app: Celery) -> NativeCeleryBackend:
    """The default backend, in native mode, with results."""
    app.conf.result_extended = True
    backend = configure(RESULTS="native")
    backend.on_ready()
    return backend  # type: ignore[no-any-return]


@pytest.fixture
def announced() -> Iterator[list[Any]]:
    """The results that signals announced."""
    results: list[Any] = []

    def hear(task_result: Any, **kwargs: Any) -> None:
        results.append(copy.copy(task_result))

    task_enqueued.connect(hear)
    task_finished.connect(hear)
    yield results
    task_enqueued.disconnect(hear)
    task_finished.disconnect(hear)


def deliver(app: Celery, message: Any, **request: Any) -> Any:
    """Let a worker's tracer run a message, as it comes from the broker."""
    task = app.tasks[message.headers["task"]]
    args, kwargs, _ = message.payload
    delivery = {**message.delivery_info, "priority": message.properties.get("priority")}
    facts = {**message.headers, "delivery_info": delivery, "hostname": "w@host"}
    return _trace(app, task, message.headers["id"], args, kwargs, {**facts, **request})


def _trace(app: Celery, task: Any, task_id: str, args: Any, kwargs: Any, request: Any) -> Any:
    from celery.app.trace import build_tracer

    return build_tracer(task.name, task, app=app)(task_id, args, kwargs, request)


class TestEnqueue:
    """No database is there: pytest refuses every query of these tests."""

    def test_message_is_that_of_the_ledger_mode_with_a_stamp(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        eta = timezone.now() + dt.timedelta(hours=1)
        result = tasks.add.using(run_after=eta, priority=-100, queue_name="mail").enqueue(1, b=2)

        @app.task(name="tests.app.tasks.add_of_old_code", shared=False)
        def add(a: int, b: int) -> int:
            return a + b

        add.apply_async(
            (1,), {"b": 2}, eta=eta, task_id=result.id, queue="mail", priority=9, expires=None
        )

        ours, celerys = broker.take("mail")
        said = ours.headers.pop("stamps")
        assert said["bridge"]["enqueued_at"] == result.enqueued_at.isoformat()
        assert ours.headers.pop("stamped_headers") == ["bridge"]
        assert ours.headers.pop("task") == "tests.app.tasks.add"
        for name in ("stamps", "stamped_headers", "task"):
            del celerys.headers[name]
        assert ours.headers == celerys.headers
        assert ours.payload == celerys.payload
        assert ours.properties.keys() == celerys.properties.keys()

    def test_queued_task_is_known_before_any_worker_is(
        self, native: NativeCeleryBackend, broker: Broker
    ) -> None:
        run_after = timezone.now() + dt.timedelta(hours=1)
        task = tasks.add.using(run_after=run_after, priority=7, queue_name="mail")
        result = task.enqueue(1, b=2)

        found = tasks.add.get_result(result.id)

        assert found == result
        assert (found.task.priority, found.task.run_after) == (7, run_after)
        assert native.app.AsyncResult(result.id).state == states.PENDING

    @pytest.mark.parametrize("unknown", ["01a1fd57-c29f-71ce-a23f-e384e36ce66a", "x", ""])
    def test_unknown_id_has_no_result(self, native: NativeCeleryBackend, unknown: str) -> None:
        with pytest.raises(TaskResultDoesNotExist):
            native.get_result(unknown)

    def test_broker_down_raises_and_leaves_no_result_and_no_signal(
        self, native: NativeCeleryBackend, announced: list[Any]
    ) -> None:
        opened: list[str] = []
        with mock.patch.object(native.records, "open", lambda result, name: opened.append(result)):
            with mock.patch(SEND, side_effect=OperationalError("refused")):
                with pytest.raises(EnqueueError, match=r"'tests.app.tasks.add'.*refused"):
                    tasks.add.enqueue(1, 2)

        with pytest.raises(TaskResultDoesNotExist):
            native.get_result(opened[0].id)  # type: ignore[attr-defined]
        assert announced == []

    def test_result_backend_down_does_not_keep_a_task_from_being_sent(
        self, native: NativeCeleryBackend, broker: Broker, caplog: pytest.LogCaptureFixture
    ) -> None:
        with mock.patch.object(type(native.app.backend), "set", side_effect=OSError("gone")) as put:
            tasks.add.enqueue(1, 2)
            tasks.add.enqueue(3, 4)

        assert len(broker.take()) == 2
        assert put.call_count == 1  # the second caller does not wait for it as well
        assert "gone" in caplog.text

    def test_arguments_that_are_not_json_are_refused_before_anything_is_sent(
        self, native: NativeCeleryBackend, broker: Broker
    ) -> None:
        with pytest.raises(TypeError):
            tasks.note.enqueue(object())  # type: ignore[arg-type]

        assert broker.take() == []


class TestTransactions:
    pytestmark = pytest.mark.django_db(transaction=True)

    def test_message_leaves_at_the_commit(
        self, native: NativeCeleryBackend, broker: Broker, announced: list[Any]
    ) -> None:
        with transaction.atomic():
            result = tasks.add.enqueue(1, 2)
            assert (broker.take(), announced, result.enqueued_at) == ([], [], None)
            task_id = result.id

        (message,) = broker.take()
        assert message.headers["id"] == result.id == task_id
        assert result.enqueued_at is not None
        assert native.get_result(result.id) == result

    def test_rollback_leaves_nothing(self, native: NativeCeleryBackend, broker: Broker) -> None:
        with transaction.atomic():
            result = tasks.add.enqueue(1, 2)
            transaction.set_rollback(True)

        assert broker.take() == []
        with pytest.raises(TaskResultDoesNotExist):
            native.get_result(result.id)

    def test_broker_down_at_the_commit_is_heard_by_whoever_commits(
        self, native: NativeCeleryBackend
    ) -> None:
        with pytest.raises(EnqueueError), mock.patch(SEND, side_effect=OperationalError("no")):
            with transaction.atomic():
                tasks.add.enqueue(1, 2)

    def test_nothing_is_written_to_the_ledger(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        with mock.patch.object(connections["default"], "ensure_connection") as connect:
            tasks.add.enqueue(1, 2)
            deliver(app, *broker.take())

        connect.assert_not_called()
        assert not TaskRow.objects.exists()


class TestRefused:
    def test_hooks_and_batches_are_refused(
        self, native: NativeCeleryBackend, broker: Broker
    ) -> None:
        with pytest.raises(InvalidTask, match=r"RESULTS of TASKS\['default'\] at 'native'"):
            tasks.add.using(on_success=tasks.note.hook("done"))
        for calls in ([(1, 2)], []):
            with pytest.raises(InvalidTask, match="knows no batches"):
                tasks.add.enqueue_many(calls, on_complete=tasks.note)  # type: ignore[arg-type]
        with pytest.raises(InvalidTask, match="knows no batches"):
            enqueue_batch([tasks.add.hook(1, 2)])
        assert broker.take() == []

    def test_cancelling_is_not_there(self, native: NativeCeleryBackend) -> None:
        with pytest.raises(NotImplementedError):
            tasks.add.enqueue(1, 2).cancel()

    def test_policies_without_a_row_are_reported(self, native: NativeCeleryBackend) -> None:
        said = {
            message.obj: message.msg
            for message in check_policies([native])
            if message.id == "bridge.W010"
        }

        assert "declares unique, which NativeCeleryBackend" in said[unique.sync.module_path]

    def test_what_becomes_of_lost_tasks_is_reported(self, native: NativeCeleryBackend) -> None:
        said = {
            message.obj: message.msg
            for message in check_policies([native])
            if message.id == "bridge.W013"
        }

        assert "delivers its message again" in said["tests.app.tasks.note_retry"]
        assert "its result stays as it is" in said["tests.app.tasks.note_fail"]

    def test_subclass_with_a_ledger_is_refused(self) -> None:
        class Ours(CeleryBackend):
            pass

        with pytest.raises(ImproperlyConfigured, match="NativeCeleryBackend"):
            Ours("default", {"OPTIONS": {"RESULTS": "native"}})

    def test_wrong_mode_is_reported(self, configure: Callable[..., Any]) -> None:
        configure(RESULTS="redis")

        (error,) = [
            each for each in task_backends["default"].check() if each.id == WRONG_CELERY_OPTION.id
        ]
        assert "RESULTS of TASKS['default'] must be 'ledger' or 'native', not 'redis'" in error.msg


class TestKept:
    """Whether results can be read back, and whether somebody is told when not."""

    @pytest.mark.parametrize(
        ("conf", "kept", "told"),
        [
            ({"result_extended": True}, True, False),
            ({"result_extended": False}, False, True),
            ({"result_extended": True, "result_backend": "rpc://"}, False, True),
            ({"result_extended": True, "result_backend": "disabled://"}, False, False),
            ({"result_extended": True, "task_ignore_result": True}, False, False),
        ],
    )
    def test_support_is_what_the_result_backend_gives(
        self, native: NativeCeleryBackend, conf: dict[str, Any], kept: bool, told: bool
    ) -> None:
        native.app = Celery("kept", broker="memory://", set_as_current=False)
        native.app.conf.update({"result_backend": "cache+memory://", **conf})

        assert native.supports_get_result is kept
        assert [message.id for message in native.check()] == ["bridge.W006"] * told

    def test_without_results_asking_says_so(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        app.conf.result_extended = False

        result = tasks.add.enqueue(1, 2)

        with pytest.raises(NotImplementedError):
            result.refresh()


class TestRuns:
    """One delivery of a message in a worker, and what its result says afterwards."""

    @pytest.fixture(autouse=True)
    def _database(self, transactional_db: None) -> None:
        pass

    def test_success(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker, announced: list[Any]
    ) -> None:
        result = tasks.add.enqueue(1, 2)
        deliver(app, *broker.take())
        result.refresh()

        assert (result.status, result.return_value, result.attempts) == ("SUCCESSFUL", 3, 1)
        assert result.enqueued_at <= result.started_at <= result.finished_at  # type: ignore[operator]
        assert [(each.id, each.status) for each in announced] == [
            (result.id, "READY"),
            (result.id, "SUCCESSFUL"),
        ]
        assert app.AsyncResult(result.id).get() == 3  # as old code asks

    def test_finished_at_is_true_in_any_time_zone(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        app.conf.timezone = "Asia/Tokyo"
        result = tasks.add.enqueue(1, 2)
        deliver(app, *broker.take())
        result.refresh()

        assert abs(timezone.now() - result.finished_at) < dt.timedelta(minutes=1)

    def test_running_shows_where_celery_tracks_it(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        app.conf.task_track_started = True
        result = tasks.add.enqueue(1, 2)
        shown: list[Any] = []

        def look(running: Any, **options: Any) -> Any:
            result.refresh()
            shown.append((result.status, result.started_at, result.attempts))
            return execution.attempt(running, **options)

        with mock.patch("compat.celery.native.attempt.attempt", look):
            deliver(app, *broker.take())

        assert shown == [("RUNNING", native.get_result(result.id).started_at, 1)]

    def test_every_attempt_is_told(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        result = retries.fail_in_three_ways.enqueue()
        statuses = []
        while messages := broker.take():
            deliver(app, *messages)
            result.refresh()
            statuses.append(str(result.status))

        assert statuses == ["READY", "READY", "READY", "SUCCESSFUL"]
        assert [each.exception_class for each in result.errors] == list(retries.ERRORS)
        assert (result.attempts, result.return_value) == (4, 4)
        assert result.started_at < result.last_attempted_at  # type: ignore[operator]

    def test_next_attempt_carries_no_tracebacks_in_its_headers(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        retries.fail_in_three_ways.enqueue()
        deliver(app, *broker.take())

        (message,) = broker.take()
        assert "Traceback" not in str(message.headers)
        assert message.headers["retries"] == 1

    def test_retry_that_the_broker_refuses_fails_the_task(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker, announced: list[Any]
    ) -> None:
        result = retries.fail_in_three_ways.enqueue()
        (message,) = broker.take()
        with mock.patch.object(app, "send_task", side_effect=OperationalError("refused")):
            deliver(app, message)
        result.refresh()

        assert [each.exception_class.__name__ for each in result.errors] == [
            "ConnectionError",
            "EnqueueError",
        ]
        assert (announced[-1].id, announced[-1].status) == (result.id, "FAILED")

    def test_attempts_are_counted_where_nothing_is_kept_of_them(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker, announced: list[Any]
    ) -> None:
        app.conf.task_ignore_result = True
        task = Task(func=tasks.attempt_number.func, takes_context=True, retry=Retry())
        task.enqueue(10)
        deliver(app, *broker.take(), retries=2)

        assert announced[-1].return_value == 13
        assert announced[-1].worker_ids[:2] == [UNRECORDED] * 2

    def test_message_of_old_code_runs(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        sent = app.send_task("legacy.note", ("old",), queue="mail", priority=9)
        deliver(app, *broker.take("mail"))

        result = native.get_result(sent.id)
        assert (result.status, result.enqueued_at) == ("SUCCESSFUL", None)
        assert (result.task.queue_name, result.task.priority) == ("mail", -100)

    def test_message_of_a_ledger_producer_runs_and_its_row_learns_of_it(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        ledger = CeleryBackend("default", {**native.params, "OPTIONS": {**native.options}})
        assert isinstance(ledger, NativeCeleryBackend)
        options = {**native.options, "RESULTS": "ledger"}
        ledger = CeleryBackend("default", {**native.params, "OPTIONS": options})
        result = ledger.enqueue(tasks.add, (1, 2), {})

        deliver(app, *broker.take())

        assert TaskRow.objects.get(id=result.id).status == READY
        found = ledger.get_result(result.id)
        assert (found.status, found.return_value, found.attempts) == ("SUCCESSFUL", 3, 1)

    def test_message_of_a_native_producer_runs_on_a_ledger_worker(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        result = tasks.add.using(expires=3600).enqueue(1, 2)
        late = tasks.note.using(expires=1e-6).enqueue("late")
        options = {**native.options, "RESULTS": "ledger"}
        task_backends["default"] = CeleryBackend("default", {**native.params, "OPTIONS": options})
        with mock.patch("compat.celery.holder.current", return_value="w:1"):
            for message in broker.take():
                deliver(app, message)
        row = TaskRow.objects.get(id=result.id)
        assert (row.status, row.return_value, row.expires_at) == (
            "SUCCESSFUL",
            3,
            result.expires_at,
        )
        assert "TaskExpired" in native.get_result(late.id).errors[0].exception_class_path

        found = native.get_result(result.id)
        assert (found.status, found.return_value) == ("SUCCESSFUL", 3)
        assert (found.enqueued_at, found.expires_at) == (result.enqueued_at, result.expires_at)

    def test_result_of_a_worker_of_the_old_code_says_what_celery_knows(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker
    ) -> None:
        result = tasks.fail.enqueue("x")
        (message,) = broker.take()
        old = app._task_from_fun(tasks.fail.func, name="old.fail", shared=False)
        _trace(
            app,
            old,
            result.id,
            ("x",),
            {},
            {**message.headers, "hostname": "old@host", "delivery_info": {}},
        )
        result.refresh()

        assert (result.status, result.worker_ids) == ("FAILED", ["old@host"])
        assert (result.started_at, result.enqueued_at is None) == (None, False)
        assert [each.exception_class for each in result.errors] == [ValueError]

    @pytest.mark.parametrize("reason", ["expired", "revoked"])
    def test_message_that_a_worker_drops_is_no_attempt(
        self, native: NativeCeleryBackend, app: Celery, broker: Broker, reason: str
    ) -> None:
        from celery.app.task import Context

        result = tasks.add.enqueue(1, 2)
        (message,) = broker.take()
        request = Context({**message.headers, "args": [1, 2], "kwargs": {}, "hostname": "w@host"})
        app.backend.mark_as_revoked(result.id, reason, request=request)
        result.refresh()

        assert (result.status, result.worker_ids, result.attempts) == ("FAILED", [], 0)
        assert len(result.errors) == 1

    @pytest.mark.parametrize(
        ("error", "ours"), [("WorkerLostError", WorkerLost), ("TimeLimitExceeded", HardTimeout)]
    )
    def test_death_is_announced_under_our_name(
        self,
        native: NativeCeleryBackend,
        app: Celery,
        broker: Broker,
        announced: list[Any],
        error: str,
        ours: type,
    ) -> None:
        import billiard.exceptions
        from celery.app.task import Context
        from celery.signals import task_failure

        watch()
        result = tasks.add.enqueue(1, 2)
        (message,) = broker.take()
        celery_task = app.tasks["tests.app.tasks.add"]
        raised = getattr(billiard.exceptions, error)("gone")
        request = Context({**message.headers, "args": [1, 2], "kwargs": {}, "hostname": "w@host"})
        app.backend.mark_as_failure(result.id, raised, request=request)
        task_failure.send(sender=celery_task, task_id=result.id, exception=raised)

        assert [each.exception_class for each in announced[-1].errors] == [ours]
        assert announced[-1].worker_ids == ["w@host"]


class TestEager:
    """task_always_eager: Celery runs the task inside enqueue()."""

    @pytest.fixture(autouse=True)
    def _eager(self, app: Celery, native: NativeCeleryBackend, transactional_db: None) -> None:
        app.conf.task_always_eager = True

    def test_result_is_finished(self) -> None:
        result = tasks.add.enqueue(1, 2)

        assert (result.is_finished, result.return_value, result.attempts) == (True, 3, 1)
        assert tasks.add_later.enqueue(1, 2).return_value == 3

    def test_policy_decides_about_retries(self) -> None:
        result = tasks.unreachable.enqueue("x")

        assert (result.status, len(result.errors), result.attempts) == ("FAILED", 3, 3)

    def test_propagated_exception_reaches_the_caller(self, app: Celery) -> None:
        app.conf.task_eager_propagates = True

        with pytest.raises(ValueError, match="boom"):
            tasks.fail.enqueue("boom")


def test_stamp_survives_the_list_that_celery_makes_of_it_in_eager_mode() -> None:
    assert stamp.of({"bridge": [{"priority": 1}]}) == {"priority": 1}
    assert stamp.of({"other": 1}) == stamp.of(None) == {}


def test_only_backends_with_a_ledger_are_looked_after(native: NativeCeleryBackend) -> None:
    assert registration.celery_backends() == [native]
    assert registration.ledger_backends() == []

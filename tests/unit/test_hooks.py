"""Hooks: rows that are written in the commit that ends a task, whoever ends it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import DataError, transaction
from django.test import override_settings
from django.utils import timezone

from bridge import RESULT_ID, RETURN_VALUE, ImmediateBackend, task
from bridge.backends.ledger import LedgerBackend
from bridge.hooks import Hook
from bridge.interface import InvalidTask, task_backends, task_enqueued
from bridge.ledger import follow_ups
from bridge.ledger.inserting import insert_rows
from bridge.ledger.models import FAILED, READY, SUCCESSFUL, BatchRow, TaskRow
from bridge.ledger.store import Store
from bridge.outcome import Failed, Outcome, RetryLater, Succeeded, describe
from bridge.recovery import lose
from bridge.worker.held import Held
from bridge.worker.post import Answer, Post
from tests.app import hooks as tasks

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
ERROR = ValueError("x")
FAILURE = Failed(exception=ERROR, error=describe(ERROR))


@pytest.fixture(params=list(settings.DATABASES))
def backend(request: pytest.FixtureRequest) -> Iterator[LedgerBackend]:
    options = {"DATABASE": request.param}
    entry = {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options, "QUEUES": []}
    here = {"BACKEND": "bridge.ImmediateBackend"}
    with override_settings(TASKS={"default": entry, "other": entry, "here": here}):
        yield task_backends["default"]  # type: ignore[misc]


@pytest.fixture(params=["worker", "django"])
def post(request: pytest.FixtureRequest, backend: LedgerBackend) -> Iterator[Any]:
    """What ends claims: the connection of a worker, or Django's."""
    if request.param == "django":
        yield Direct(backend)
        return
    post = Post(backend, "w", "w:1", backend.follow_ups.dispatch)
    yield post
    post.session.close()


class Direct:
    """Ends claims one by one, as Celery's attempts do."""

    def __init__(self, backend: LedgerBackend) -> None:
        self.backend = backend

    def exchange(self, deliveries: Any, queues: Any, limit: int) -> Any:
        kept = []
        for held, how in deliveries:
            try:
                left = self.backend.store.leave([how])
            except ValueError as error:  # as store_outcome() does
                left = self.backend.store.leave([held.fail(error)])
            kept += [(held, how)] if how.id in left.ids else []
        claim = partial(self.backend.store.claim, transport="db", worker="w", worker_id="w:1")
        return Answer(kept, rows=claim(limit=limit) if limit else [])


def claim(backend: LedgerBackend, count: int = 100) -> list[TaskRow]:
    return backend.store.claim(transport="db", worker="w", worker_id="w:1", limit=count)


def deliver(post: Any, rows: list[TaskRow], outcome: Outcome) -> list[Any]:
    deliveries = []
    for row in rows:
        held = Held(row, slot=0)
        held.end(outcome)
        deliveries.append((held, held.ending()))
    kept: list[Any] = post.exchange(deliveries, (), 0).kept
    return kept


def ready(backend: LedgerBackend) -> list[tuple[str, list[Any]]]:
    rows = backend.store.tasks.filter(status=READY).order_by("id")
    return [(row.task_path.rpartition(".")[2], row.args) for row in rows]


def test_success_enqueues_its_hooks_and_not_those_of_a_failure(
    backend: LedgerBackend, post: Any
) -> None:
    tasks.either.enqueue(False)

    deliver(post, claim(backend), Succeeded(value="well"))

    assert ready(backend) == [("collect", ["done"])]


def test_failure_enqueues_its_hooks_with_the_id_of_the_result(
    backend: LedgerBackend, post: Any
) -> None:
    result = tasks.either.enqueue(True)

    deliver(post, claim(backend), FAILURE)

    assert ready(backend) == [("collect", ["failed"]), ("collect", [result.id])]


def test_arguments_hold_what_the_task_returned(backend: LedgerBackend, post: Any) -> None:
    inner = {"of": [RETURN_VALUE, {"id": RESULT_ID}]}
    hook = tasks.collect.hook(RETURN_VALUE, "plain", inner)
    result = tasks.double.using(on_success=hook).enqueue(1)

    deliver(post, claim(backend), Succeeded(value={"n": 2}))

    filled = {"of": [{"n": 2}, {"id": result.id}]}
    assert ready(backend) == [("collect", [{"n": 2}, "plain", filled])]


@pytest.mark.parametrize(
    "argument",
    [{"$bridge": "id"}, {"$bridge": "what"}, {"$bridge": {"$bridge": ["id"]}}, {"$bridge": None}],
)
def test_argument_that_looks_like_a_mark_stays_what_it_is(
    argument: Any, backend: LedgerBackend, post: Any
) -> None:
    hook = tasks.collect.hook([argument], word=argument)
    tasks.double.using(on_success=hook).enqueue(1)

    deliver(post, claim(backend), Succeeded(value=2))

    row = backend.store.tasks.get(status=READY)
    assert (row.args, row.kwargs) == ([[argument]], {"word": argument})


PAST_ALL_TIME = 1e12
"""Seconds: no hook of today's code has them, a row of the ledger may."""


def test_hook_that_cannot_be_made_fails_its_task_and_no_other(
    backend: LedgerBackend, post: Any
) -> None:
    bad = tasks.double.using(on_success=tasks.collect).enqueue(1)
    (spec,) = hooks_of(backend, bad.id)
    hooks = {"SUCCESSFUL": [{**spec, "expires": PAST_ALL_TIME}]}
    backend.store.tasks.filter(id=bad.id).update(hooks=hooks)
    good = tasks.either.enqueue(False)

    deliver(post, claim(backend), Succeeded(value=2))

    rows = {str(row.id): row for row in backend.store.tasks.all()}
    assert rows[good.id].status == SUCCESSFUL
    assert rows[bad.id].status == FAILED
    assert "cannot be made: OverflowError" in rows[bad.id].errors[0]["traceback"]


def test_batch_is_complete_even_if_what_follows_cannot_be_made(
    backend: LedgerBackend, post: Any, caplog: pytest.LogCaptureFixture
) -> None:
    both = [tasks.collect, tasks.collect.hook("done")]
    results = tasks.double.enqueue_many([(1,)], on_complete=both)
    batch = BatchRow.objects.using(backend.database).get(id=results.batch_id)
    batch.on_complete[0]["expires"] = PAST_ALL_TIME
    batch.save()

    deliver(post, claim(backend), Succeeded(value=2))

    assert [row.status for row in backend.store.tasks.filter(id__in=results.ids)] == [SUCCESSFUL]
    assert ready(backend) == [("collect", ["done"])]
    assert f"batch={results.batch_id} tests.app.hooks.collect is not enqueued" in caplog.text


def test_attempt_that_runs_again_enqueues_nothing(backend: LedgerBackend, post: Any) -> None:
    tasks.either.enqueue(True)

    deliver(post, claim(backend), RetryLater(exception=ERROR, error=describe(ERROR), delay=60.0))

    assert ready(backend) == [("either", [True])]


def test_claim_that_is_lost_enqueues_nothing(backend: LedgerBackend, post: Any) -> None:
    tasks.either.enqueue(False)
    (row,) = claim(backend)
    backend.store.release(TaskRow.objects.using(backend.database).get(id=row.id))
    (again,) = claim(backend)

    assert not deliver(post, [row], Succeeded(value=1))
    assert ready(backend) == []
    deliver(post, [again], Succeeded(value=1))
    assert ready(backend) == [("collect", ["done"])]


def test_follow_up_has_the_policies_of_its_task(backend: LedgerBackend, post: Any) -> None:
    hook = tasks.mail.using(backend="other", priority=7).hook("a@b.c")
    tasks.double.using(on_success=hook).enqueue_many([(1,), (2,)])

    deliver(post, claim(backend), Succeeded(value=2))

    (row,) = backend.store.tasks.filter(status=READY)  # it is unique
    assert (row.queue_name, row.priority, row.backend) == ("mail", 7, "other")
    assert (row.transport, row.on_lost, row.lane) == ("db", "retry", None)
    assert row.enqueued_at is not None
    assert row.unique_key
    assert row.expires_at is not None
    assert dt.timedelta(seconds=50) < row.expires_at - row.enqueued_at < dt.timedelta(seconds=70)


def test_hook_can_wait(backend: LedgerBackend, post: Any) -> None:
    tasks.double.using(on_success=tasks.collect.hook("late").after(60)).enqueue(1)
    rows = claim(backend)
    before = timezone.now()

    deliver(post, rows, Succeeded(value=2))

    (row,) = backend.store.tasks.filter(status=READY)
    assert row.run_after is not None
    assert row.run_after == row.wake_at
    assert row.run_after >= before + dt.timedelta(seconds=60)
    assert claim(backend) == []


@pytest.mark.parametrize("delay", [-1, 10**10, float("nan")])
def test_delay_that_no_calendar_has_is_refused(delay: float) -> None:
    with pytest.raises(InvalidTask, match="seconds after the finish"):
        tasks.collect.hook().after(delay)


def test_chain_of_hooks_hands_on_the_value(backend: LedgerBackend, post: Any) -> None:
    last = tasks.collect.hook(RETURN_VALUE)
    third = tasks.add.using(on_success=last).hook(RETURN_VALUE, b=RETURN_VALUE)
    second = tasks.double.using(on_success=third).hook(RETURN_VALUE)
    tasks.double.using(on_success=second).enqueue(1)

    for value in (2, 4, 8):
        deliver(post, claim(backend), Succeeded(value=value))

    assert ready(backend) == [("collect", [8])]
    rows = backend.store.tasks.filter(status=SUCCESSFUL).order_by("id")
    assert [(row.args, row.kwargs) for row in rows] == [([1], {}), ([2], {}), ([4], {"b": 4})]


def test_many_that_end_in_one_commit_each_enqueue_their_own(
    backend: LedgerBackend, post: Any
) -> None:
    hooked = tasks.double.using(on_success=tasks.collect)
    ids = hooked.enqueue_many([(number,) for number in range(50)]).ids
    tasks.double.enqueue(1)

    deliver(post, claim(backend), Succeeded(value=2))

    assert sorted(args[0] for _, args in ready(backend)) == sorted(ids)


def test_hook_of_a_task_that_is_gone_is_enqueued_all_the_same(
    backend: LedgerBackend, post: Any, caplog: pytest.LogCaptureFixture
) -> None:
    result = tasks.either.enqueue(False)
    specs = {"SUCCESSFUL": [{**hooks_of(backend, result.id)[0], "task": "gone.away"}]}
    backend.store.tasks.update(hooks=specs)

    deliver(post, claim(backend), Succeeded(value=None))

    assert ready(backend) == [("away", ["done"])]
    assert "gone.away is enqueued without its policies" in caplog.text


def test_hook_whose_key_function_fails_is_enqueued_all_the_same(
    backend: LedgerBackend, post: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tasks.double.using(on_success=tasks.keyless.hook(RETURN_VALUE)).enqueue(1)

    deliver(post, claim(backend), Succeeded(value=2))

    assert ready(backend) == [("keyless", [2])]
    assert "ZeroDivisionError" in caplog.text


def test_follow_ups_are_announced(backend: LedgerBackend, post: Any) -> None:
    heard = []

    def receiver(task_result: Any, **kwargs: Any) -> None:
        heard.append((task_result.task, task_result.args, task_result.status))

    tasks.either.enqueue(False)
    rows = claim(backend)
    task_enqueued.connect(receiver)
    try:
        deliver(post, rows, Succeeded(value=None))
    finally:
        task_enqueued.disconnect(receiver)

    assert heard == [(tasks.collect, ["done"], "READY")]


def test_nothing_is_enqueued_when_the_transaction_that_ends_the_task_rolls_back(
    backend: LedgerBackend,
) -> None:
    tasks.either.enqueue(False)
    (row,) = claim(backend)

    with transaction.atomic(using=backend.database):
        assert backend.store.succeed(row, None)
        assert ready(backend) == [("collect", ["done"])]
        transaction.set_rollback(True, using=backend.database)

    assert ready(backend) == []


class TestOtherEnds:
    """Whoever ends a task for good brings about what follows."""

    def test_lost_for_good(self, backend: LedgerBackend) -> None:
        tasks.either.enqueue(False)
        backend.store.tasks.update(on_lost="fail")
        (row,) = claim(backend)

        assert lose(backend, row, "gone")

        assert ("collect", ["failed"]) in ready(backend)

    def test_lost_and_tried_again(self, backend: LedgerBackend) -> None:
        tasks.either.enqueue(False)
        backend.store.tasks.update(on_lost="retry")
        (row,) = claim(backend)

        assert lose(backend, row, "gone")

        assert ready(backend) == [("either", [False])]

    def test_cancelled(self, backend: LedgerBackend) -> None:
        result = tasks.either.enqueue(False)

        backend.cancel(result.id)

        assert ("collect", [result.id]) in ready(backend)

    def test_settled_without_a_claim(self, backend: LedgerBackend) -> None:
        result = tasks.double.using(on_success=tasks.collect.hook(RETURN_VALUE)).enqueue(1)
        row = backend.store.find(result.id)
        assert row is not None

        assert backend.store.messages.settle(row, status=SUCCESSFUL, return_value=2)
        assert not backend.store.messages.settle(row, status=SUCCESSFUL, return_value=2)

        assert ready(backend) == [("collect", [2])]


class TestRefusal:
    """What the database does not take fails one task, and no other."""

    @pytest.fixture(autouse=True)
    def refuse(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refusing(cursor: Any, rows: list[TaskRow]) -> None:
            if any("too large" in row.args for row in rows):
                raise DataError("too large")
            insert_rows(cursor, rows)

        monkeypatch.setattr("bridge.ledger.bulk.insert_rows", refusing)

    def test_success_becomes_a_failure_and_the_neighbours_are_stored(
        self, backend: LedgerBackend, post: Any
    ) -> None:
        good = tasks.either.enqueue(False)
        bad = tasks.double.using(on_success=tasks.collect.hook("too large")).enqueue(1)

        deliver(post, claim(backend), Succeeded(value=2))

        rows = {str(row.id): row for row in backend.store.tasks.all()}
        assert rows[good.id].status == SUCCESSFUL
        assert rows[bad.id].status == FAILED
        assert rows[bad.id].errors[0]["exception_class_path"] == "bridge.exceptions.HookRefused"
        assert "an id in the place of RETURN_VALUE" in rows[bad.id].errors[0]["traceback"]
        assert ready(backend) == [("collect", ["done"])]

    def test_failure_is_stored_without_its_hooks(
        self, backend: LedgerBackend, post: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        hooked = tasks.double.using(on_failure=tasks.collect.hook("too large"))
        bad = hooked.enqueue_many([(1,)], on_complete=tasks.collect.hook("complete")).ids[0]

        deliver(post, claim(backend), FAILURE)

        row = backend.store.find(bad)
        assert row is not None
        assert row.status == FAILED
        assert ready(backend) == [("collect", ["complete"])]
        assert f"task={bad} failed, and its hooks are not enqueued" in caplog.text

    def test_cancelling_many_leaves_out_what_is_refused(self, backend: LedgerBackend) -> None:
        bad = tasks.double.using(on_failure=tasks.collect.hook("too large")).enqueue(1)
        good = tasks.either.enqueue(False)

        backend.cancel_many([bad.id, good.id])

        assert set(backend.store.tasks.exclude(status=READY).values_list("status")) == {(FAILED,)}
        assert ready(backend) == [("collect", ["failed"]), ("collect", [good.id])]

    def test_batch_is_complete_even_if_what_follows_is_refused(
        self, backend: LedgerBackend, post: Any
    ) -> None:
        bad = tasks.double.enqueue_many([(1,)], on_complete=tasks.collect.hook("too large"))

        deliver(post, claim(backend), FAILURE)

        row = backend.store.find(bad.ids[0])
        assert row is not None
        assert row.status == FAILED


@pytest.mark.skipif("mariadb" not in settings.DATABASES, reason="needs MariaDB")
def test_hook_larger_than_a_packet_fails_its_task_at_once() -> None:
    options = {"DATABASE": "mariadb"}
    entry = {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options}
    with override_settings(TASKS={"default": entry}):
        backend: Any = task_backends["default"]
        post = Post(backend, "w", "w:1")
        try:
            twice = tasks.collect.hook(RETURN_VALUE, RETURN_VALUE)
            result = tasks.double.using(on_success=twice).enqueue(1)

            deliver(post, claim(backend), Succeeded(value="x" * (9 << 20)))
        finally:
            post.session.close()

        row = backend.store.find(result.id)
        assert row.status == FAILED
        assert "max_allowed_packet" in row.errors[0]["traceback"]


class TestElsewhere:
    """A hook is enqueued in the commit of the finish, or refused at once."""

    def test_hook_that_no_ledger_keeps_is_refused(self, backend: LedgerBackend) -> None:
        elsewhere = task(backend="here")(tasks.add.func)
        assert isinstance(task_backends["here"], ImmediateBackend)

        with pytest.raises(InvalidTask, match="keeps no tasks there"):
            tasks.double.using(on_success=elsewhere)
        with pytest.raises(InvalidTask, match="keeps no tasks there"):
            tasks.double.enqueue_many([(1,)], on_complete=elsewhere)
        assert not backend.store.tasks.exists()

    @pytest.mark.skipif(len(settings.DATABASES) < 2, reason="needs two databases")
    def test_hook_in_another_database_is_refused(self, backend: LedgerBackend) -> None:
        (other, *_) = [alias for alias in settings.DATABASES if alias != backend.database]
        entry = {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": {"DATABASE": other}}
        with (
            override_settings(TASKS={**settings.TASKS, "far": entry}),
            pytest.raises(InvalidTask, match="'far'"),
        ):
            tasks.double.using(on_success=tasks.collect.using(backend="far").hook())

    def test_a_task_of_another_kind_is_refused(self, backend: LedgerBackend) -> None:
        with pytest.raises(InvalidTask, match="on_success must be a task"):
            tasks.double.using(on_success=print)  # type: ignore[arg-type]


def hooks_of(backend: LedgerBackend, result_id: str) -> list[Any]:
    row = backend.store.find(result_id)
    assert row is not None
    assert row.hooks is not None
    specs: list[Any] = row.hooks["SUCCESSFUL"]
    return specs


def test_store_without_code_enqueues_what_it_knows(backend: LedgerBackend) -> None:
    tasks.either.using(on_success=tasks.mail.hook("a")).enqueue(False)
    (row,) = claim(backend)

    assert Store(backend.database).succeed(row, None)

    (follow_up,) = backend.store.tasks.filter(status=READY)
    assert (follow_up.queue_name, follow_up.transport) == ("mail", "db")
    assert follow_up.expires_at is not None


def test_rows_without_consequences_take_the_path_they_took(
    backend: LedgerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(follow_ups.FollowUps, "of_hooks")
    tasks.double.enqueue(1)
    (row,) = claim(backend)

    assert backend.store.succeed(row, 2)


def test_hook_prints_as_it_was_made() -> None:
    assert "bridge.RETURN_VALUE" in repr(Hook(tasks.add, (RETURN_VALUE,)))

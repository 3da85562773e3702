"""Batches: counted down in the commits that end their tasks, complete exactly once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connections, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

import bridge
from bridge import RESULT_ID, BatchDoesNotExist, enqueue_batch, get_batch
from bridge.backends.ledger import LedgerBackend
from bridge.ids import new_id
from bridge.interface import InvalidTask, task_backends, task_enqueued
from bridge.ledger.models import READY, BatchRow, TaskRow
from bridge.outcome import Failed, Outcome, Succeeded, describe
from bridge.worker.held import Held
from bridge.worker.post import Post
from tests.app import hooks as tasks
from tests.app import unique

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
ERROR = ValueError("x")
FAILURE = Failed(exception=ERROR, error=describe(ERROR))
DONE = Succeeded(value=1)
HERE = {"BACKEND": "bridge.ImmediateBackend"}


@pytest.fixture(params=list(settings.DATABASES))
def backend(request: pytest.FixtureRequest) -> Iterator[LedgerBackend]:
    options = {"DATABASE": request.param}
    entry = {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options, "QUEUES": []}
    with override_settings(TASKS={"default": entry, "other": entry, "here": HERE}):
        yield task_backends["default"]  # type: ignore[misc]


@pytest.fixture
def post(backend: LedgerBackend) -> Iterator[Post]:
    post = Post(backend, "w", "w:1")
    yield post
    post.session.close()


def claim(backend: LedgerBackend, count: int = 1000) -> list[TaskRow]:
    return backend.store.claim(transport="db", worker="w", worker_id="w:1", limit=count)


def deliver(post: Post, rows: list[TaskRow], outcome: Outcome = DONE) -> None:
    deliveries = []
    for row in rows:
        held = Held(row, slot=0)
        held.end(outcome)
        deliveries.append((held, held.ending()))
    post.exchange(deliveries, (), 0)


def ready(backend: LedgerBackend) -> list[tuple[str, list[Any]]]:
    rows = backend.store.tasks.filter(status=READY).order_by("id")
    return [(row.task_path.rpartition(".")[2], row.args) for row in rows]


def calls(count: int) -> list[tuple[int]]:
    return [(number,) for number in range(count)]


def test_last_task_of_a_batch_enqueues_what_follows_once(
    backend: LedgerBackend, post: Post
) -> None:
    results = tasks.work.enqueue_many(calls(5), on_complete=tasks.collect)
    rows = claim(backend)

    deliver(post, rows[:4])
    assert ready(backend) == []
    deliver(post, rows[4:])

    assert ready(backend) == [("collect", [results.batch_id])]


def test_batch_tells_how_far_it_is(backend: LedgerBackend, post: Post) -> None:
    results = tasks.work.enqueue_many(calls(5), on_complete=[])
    assert results.batch_id is not None
    assert {result.batch_id for result in results} == {results.batch_id}
    assert results[1:3].batch_id == results.batch_id
    batch = get_batch(results.batch_id)
    assert (batch.total, batch.pending, batch.is_finished) == (5, 5, False)

    rows = claim(backend)
    deliver(post, rows[:2], FAILURE)
    deliver(post, rows[2:4])
    batch.refresh()
    assert (batch.pending, batch.failed, batch.succeeded) == (1, 2, 2)
    assert batch.finished_at is None

    deliver(post, rows[4:])
    batch.refresh()
    assert (batch.pending, batch.failed, batch.succeeded) == (0, 2, 3)
    assert batch.is_finished
    assert batch.finished_at is not None
    assert batch.created_at <= batch.finished_at
    assert [result.id for result in batch.results()] == results.ids
    assert [result.id for result in batch.results("FAILED")] == results.ids[:2]


def test_batches_that_end_in_one_commit_are_counted_once_each(
    backend: LedgerBackend, post: Post
) -> None:
    ids = []
    for size in (3, 4, 1):
        hook = tasks.collect.hook(size, RESULT_ID)
        ids.append(tasks.work.enqueue_many(calls(size), on_complete=hook).batch_id)
    rows = claim(backend)

    with CaptureQueriesContext(post.session.connection) as queries:
        deliver(post, rows)

    updates = [query for query in queries.captured_queries if "UPDATE bridge_batch" in query["sql"]]
    assert len(updates) == 3
    assert sorted(args for _, args in ready(backend)) == [[1, ids[2]], [3, ids[0]], [4, ids[1]]]


def test_batch_without_calls_is_complete_at_once(backend: LedgerBackend) -> None:
    results = tasks.work.enqueue_many([], on_complete=tasks.collect)

    assert len(results) == 0
    assert results.batch_id is not None
    assert get_batch(results.batch_id).is_finished
    assert ready(backend) == [("collect", [results.batch_id])]


def test_batch_is_written_with_its_tasks_or_not_at_all(backend: LedgerBackend) -> None:
    with pytest.raises(TypeError):
        tasks.work.enqueue_many([*calls(1500), (object(),)], on_complete=tasks.collect)

    assert not backend.store.tasks.exists()
    assert not BatchRow.objects.using(backend.database).exists()


def test_large_batch_counts_every_chunk(backend: LedgerBackend) -> None:
    results = tasks.work.enqueue_many(calls(2100), on_complete=tasks.collect)

    assert get_batch(str(results.batch_id)).total == 2100
    assert backend.store.tasks.filter(batch_id=results.batch_id).count() == 2100


def test_unique_task_that_is_there_already_is_no_part_of_the_batch(
    backend: LedgerBackend, post: Post
) -> None:
    known = unique.sync.enqueue(1)

    results = unique.sync.enqueue_many([(1,), (2,), (2,), (3,)], on_complete=tasks.collect)

    assert results.ids[0] == known.id
    assert results.ids[1] == results.ids[2]
    assert results[0].batch_id is None
    assert get_batch(str(results.batch_id)).total == 2
    deliver(post, [row for row in claim(backend) if str(row.id) != known.id])
    assert ready(backend) == [("collect", [results.batch_id])]


def test_policies_of_many_are_those_of_one(backend: LedgerBackend) -> None:
    heard = []

    def receiver(task_result: Any, **kwargs: Any) -> None:
        heard.append(task_result.id)

    task_enqueued.connect(receiver)
    try:
        results = tasks.mail.using(on_success=tasks.collect).enqueue_many([("a",), ("b",), ("a",)])
    finally:
        task_enqueued.disconnect(receiver)

    rows = list(backend.store.tasks.order_by("id"))
    assert [str(row.id) for row in rows] == results.ids[:2] == heard
    assert results.ids[2] == results.ids[0]
    assert results.batch_id is None
    for row in rows:
        assert None not in (row.unique_key, row.expires_at, row.hooks)
        assert row.batch_id is None
    assert results[1].expires_at == rows[1].expires_at


def test_requeued_task_of_an_unfinished_batch_is_waited_for(
    backend: LedgerBackend, post: Post
) -> None:
    results = tasks.work.enqueue_many(calls(2), on_complete=tasks.collect)
    first, second = claim(backend)
    deliver(post, [first], FAILURE)

    assert backend.requeue(results.ids[0])

    batch = get_batch(str(results.batch_id))
    assert (batch.pending, batch.failed) == (2, 0)
    deliver(post, [second])
    assert ("collect", [results.batch_id]) not in ready(backend)
    deliver(post, claim(backend))
    assert ready(backend) == [("collect", [results.batch_id])]


def test_requeued_task_of_a_finished_batch_leaves_it_alone(
    backend: LedgerBackend, post: Post
) -> None:
    results = tasks.work.enqueue_many(calls(1), on_complete=tasks.collect)
    deliver(post, claim(backend), FAILURE)
    finished_at = get_batch(str(results.batch_id)).finished_at
    backend.store.tasks.filter(status=READY).delete()

    assert backend.requeue(results.ids[0])
    deliver(post, claim(backend))

    batch = get_batch(str(results.batch_id))
    assert (batch.pending, batch.failed, batch.finished_at) == (0, 1, finished_at)
    assert ready(backend) == []


def test_cancelled_tasks_count_as_failed(backend: LedgerBackend) -> None:
    results = tasks.work.enqueue_many(calls(3), on_complete=tasks.collect)

    backend.cancel_many(results.ids)

    assert get_batch(str(results.batch_id)).failed == 3
    assert ready(backend) == [("collect", [results.batch_id])]


def test_outcome_of_a_lost_claim_is_not_counted(backend: LedgerBackend, post: Post) -> None:
    results = tasks.work.enqueue_many(calls(2), on_complete=[])
    rows = claim(backend)
    deliver(post, rows[:1])

    deliver(post, rows[:1])

    assert get_batch(str(results.batch_id)).pending == 1


def test_many_workers_complete_many_batches_once_each(
    backend: LedgerBackend, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [tasks.work.enqueue_many(calls(40), on_complete=tasks.collect).batch_id for _ in "abc"]
    rows = claim(backend)
    of_each = [row for trio in zip(rows[:40], rows[40:80], rows[80:], strict=True) for row in trio]
    failures = []

    def finish(part: list[TaskRow]) -> None:
        post = Post(backend, "w", "w:1")
        try:
            # Rows of all batches in every commit, in an order of its own.
            for start in range(0, len(part), 3):
                deliver(post, part[start : start + 3])
        except BaseException as error:
            failures.append(error)
        finally:
            post.session.close()
            connections.close_all()

    parts = [
        of_each[number * 15 : number * 15 + 15][:: 1 if number % 2 else -1] for number in range(8)
    ]
    threads = [threading.Thread(target=finish, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert "deadlock" not in caplog.text.lower()
    assert sorted(args[0] for _, args in ready(backend)) == sorted(map(str, ids))
    assert [get_batch(str(each)).pending for each in ids] == [0, 0, 0]


def test_calls_of_different_tasks_are_one_batch(backend: LedgerBackend, post: Post) -> None:
    results = enqueue_batch(
        [
            tasks.work.hook(1),
            tasks.double.using(queue_name="mail").hook(2),
            tasks.add.using(backend="other").hook(3, b=4),
            tasks.stubborn,
            tasks.work.hook(5).after(3600),
        ],
        on_complete=tasks.collect,
    )

    rows = list(backend.store.tasks.order_by("id"))
    assert [str(row.id) for row in rows] == results.ids
    assert [(row.args, row.kwargs) for row in rows[:4]] == [
        ([1], {}),
        ([2], {}),
        ([3], {"b": 4}),
        ([], {}),
    ]
    assert [row.backend for row in rows] == ["default", "default", "other", "default", "default"]
    assert rows[1].queue_name == "mail"
    assert rows[4].run_after is not None
    assert results[2].task.backend == "other"
    assert get_batch(str(results.batch_id)).total == 5
    deliver(post, claim(backend))
    backend.cancel(results.ids[4])
    assert ready(backend)[-1] == ("collect", [results.batch_id])


def test_batch_over_two_ledgers_is_refused(backend: LedgerBackend) -> None:
    with pytest.raises(InvalidTask, match="kept in one database"):
        enqueue_batch([tasks.work.hook(1), tasks.work.using(backend="here").hook(2)])

    assert not backend.store.tasks.exists()


def test_what_is_no_call_is_refused(backend: LedgerBackend) -> None:
    with pytest.raises(InvalidTask, match="A call of a batch must be"):
        enqueue_batch([(1,)])  # type: ignore[list-item]


def test_batch_of_nothing_belongs_to_the_backend_of_what_follows(backend: LedgerBackend) -> None:
    results = enqueue_batch([], on_complete=tasks.collect)

    assert ready(backend) == [("collect", [results.batch_id])]
    assert len(enqueue_batch([])) == 0


def test_unknown_batch(backend: LedgerBackend) -> None:
    for unknown in (str(new_id()), "nonsense"):
        with pytest.raises(BatchDoesNotExist):
            get_batch(unknown)
    results = tasks.work.enqueue_many(calls(1), on_complete=[])
    batch = get_batch(str(results.batch_id))
    BatchRow.objects.using(backend.database).all().delete()
    with pytest.raises(BatchDoesNotExist):
        batch.refresh()


def test_batch_waits_for_the_commit_with_its_tasks(backend: LedgerBackend) -> None:
    entry = {**settings.TASKS["default"], "ENQUEUE_ON_COMMIT": True}
    with (
        override_settings(TASKS={"default": entry}),
        transaction.atomic(using=backend.database),
    ):
        results = tasks.work.enqueue_many(calls(2), on_complete=tasks.collect)
        assert not backend.store.tasks.exists()

    assert {result.batch_id for result in results} == {results.batch_id}
    assert get_batch(str(results.batch_id)).total == 2
    assert results[0].enqueued_at is not None


def test_backend_that_is_not_ours_has_no_batches() -> None:
    path = f"{tasks.work.__class__.__mro__[-3].__module__}"
    entry = {"BACKEND": f"{path.partition('.base')[0]}.backends.immediate.ImmediateBackend"}
    with override_settings(TASKS={"default": entry}), pytest.raises(InvalidTask, match="batches"):
        tasks.work.enqueue_many(calls(1), on_complete=tasks.collect)


def test_coroutines_have_batches_too(backend: LedgerBackend) -> None:
    async def go() -> list[int]:
        many = await tasks.work.aenqueue_many(calls(2), on_complete=tasks.collect)
        batch = await bridge.aget_batch(str(many.batch_id))
        await batch.arefresh()
        mixed = await bridge.aenqueue_batch([tasks.stubborn], on_complete=tasks.collect)
        return [batch.total, (await bridge.aget_batch(str(mixed.batch_id))).total]

    assert async_to_sync(go)() == [2, 1]

"""Answers that get lost between the ledger and a worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any, cast

import pytest
from django.conf import settings
from django.db import InternalError, OperationalError

from bridge import registry
from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends
from bridge.ledger.models import TaskRow
from bridge.ledger.session import Session
from bridge.ledger.store import Store
from bridge.outcome import Outcome, Succeeded
from bridge.worker.held import Held
from bridge.worker.post import Delivery, Post

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))


@pytest.fixture(params=list(settings.DATABASES))
def backend(request: pytest.FixtureRequest) -> LedgerBackend:
    backend = cast("LedgerBackend", task_backends["default"])
    backend.__dict__["database"] = request.param
    return backend


@pytest.fixture
def post(backend: LedgerBackend) -> Iterator[Post]:
    post = Post(backend, "w", "w:1")
    yield post
    post.session.close()


def enqueue(backend: LedgerBackend, count: int) -> None:
    for _ in range(count):
        backend.store.insert(
            TaskRow(
                task_path="tests.app.tasks.add", backend="default", transport="db", on_lost="fail"
            )
        )


def ended(row: TaskRow, outcome: Outcome) -> Delivery:
    held = Held(row, slot=0)
    held.end(outcome)
    return held, held.ending()


def lose_answer(monkeypatch: pytest.MonkeyPatch, verb: str = "exchange") -> None:
    """Let the ledger do what it is told, once, and break the connection before it answers."""
    real: Callable[..., Any] = getattr(Store, verb)
    calls = iter([True])

    def losing(self: Store, *arguments: Any, **options: Any) -> Any:
        answer = real(self, *arguments, **options)
        if next(calls, False):
            raise OperationalError("server closed the connection unexpectedly")
        return answer

    monkeypatch.setattr(Store, verb, losing)


def test_outcome_whose_answer_was_lost_counts_as_stored_and_not_as_dropped(
    backend: LedgerBackend, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue(backend, 1)
    (row,) = post.exchange([], ["default"], 1).rows
    delivery = ended(row, Succeeded(value=7))
    lose_answer(monkeypatch)

    kept = post.exchange([delivery], (), 0).kept

    assert kept == [delivery]
    assert (row.status, row.return_value) == ("SUCCESSFUL", 7)
    assert backend.store.tasks.get().status == "SUCCESSFUL"


def test_rows_of_a_claim_whose_answer_was_lost_go_back_at_no_cost(
    backend: LedgerBackend, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue(backend, 3)
    lose_answer(monkeypatch)

    rows = post.exchange([], ["default"], 2).rows
    known = {row.id for row in rows}
    post.forget(lambda row: row.id in known)

    assert len(rows) == 1
    stray = backend.store.tasks.exclude(id__in=known)
    assert [(row.status, row.worker_ids) for row in stray] == [("READY", [])] * 2
    assert backend.store.tasks.get(id__in=known).worker == "w"


def test_tasks_of_other_processes_of_the_same_worker_are_not_given_back(
    backend: LedgerBackend, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue(backend, 2)
    backend.store.claim(transport="db", worker="w", worker_id="w:2")
    lose_answer(monkeypatch, "look")

    post.look()
    post.forget(lambda row: False)

    assert sorted(backend.store.tasks.values_list("status", flat=True)) == ["READY", "RUNNING"]


def test_outcome_that_the_database_refuses_fails_its_task_and_no_other(
    backend: LedgerBackend, post: Post
) -> None:
    enqueue(backend, 3)
    rows = post.exchange([], ["default"], 3).rows
    # Real outcomes are checked before they come here; this one is not JSON.
    values = [1, float("nan"), 3]
    deliveries = [
        ended(row, Succeeded(value=value)) for row, value in zip(rows, values, strict=True)
    ]

    kept = post.exchange(deliveries, (), 0).kept

    assert [held.row.id for held, _ in kept] == [row.id for row in rows]
    assert [row.status for row in rows] == ["SUCCESSFUL", "FAILED", "SUCCESSFUL"]
    assert list(backend.store.tasks.order_by("id").values_list("status", flat=True)) == [
        "SUCCESSFUL",
        "FAILED",
        "SUCCESSFUL",
    ]


def test_server_that_refuses_to_write_is_asked_again_on_another_connection(
    backend: LedgerBackend, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue(backend, 1)
    real, refusals = Store.exchange, iter([True])

    def refusing(self: Store, *arguments: Any, **options: Any) -> Any:
        if next(refusals, False):
            raise InternalError("cannot execute UPDATE in a read-only transaction")
        return real(self, *arguments, **options)

    monkeypatch.setattr(Store, "exchange", refusing)
    post.look()
    before = post.session.connection.connection

    rows = post.exchange([], ["default"], 1).rows

    assert len(rows) == 1
    assert post.session.connection.connection is not before


def test_claim_that_is_made_long_after_its_answer_was_lost_goes_back(
    backend: LedgerBackend, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.worker.post.ASK_AFTER", (0.0, 60.0))
    enqueue(backend, 1)
    lose_answer(monkeypatch, "look")
    post.look()
    post.forget(lambda row: False)
    backend.store.claim(transport="db", worker="w", worker_id="w:1")

    post.forget(lambda row: False)
    assert backend.store.tasks.get().status == "RUNNING"
    post._ask_at = [time.monotonic()]
    post.forget(lambda row: False)

    row = backend.store.tasks.get()
    assert (row.status, row.worker_ids) == ("READY", [])


def test_two_claims_of_one_row_end_apart_and_only_the_valid_one_counts(
    backend: LedgerBackend, post: Post
) -> None:
    enqueue(backend, 1)
    (stale,) = post.exchange([], ["default"], 1).rows
    backend.store.release(copy(stale))
    (valid,) = post.exchange([], ["default"], 1).rows
    deliveries = [ended(stale, Succeeded(value="stale")), ended(valid, Succeeded(value="valid"))]

    kept = post.exchange(deliveries, (), 0).kept

    assert kept == deliveries[1:]
    assert backend.store.tasks.get().return_value == "valid"


def test_outcome_beyond_a_limit_of_the_server_fails_its_task_and_is_not_sent_again(
    backend: LedgerBackend, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend.database != "postgres":
        pytest.skip("the limits of PostgreSQL")
    enqueue(backend, 1)
    (row,) = post.exchange([], ["default"], 1).rows
    held, how = ended(row, Succeeded(value=None))
    monkeypatch.setattr("bridge.worker.persistence.time.sleep", lambda wait: pytest.fail("again"))

    kept = post.exchange([(held, replace(how, value="[" * 60_000 + "]" * 60_000))], (), 0).kept

    assert [delivery[0] for delivery in kept] == [held]
    assert backend.store.tasks.get().status == "FAILED"


class TestLocks:
    """What the open transactions of others keep locked."""

    @pytest.fixture(autouse=True)
    def _with_locks_of_rows(self, backend: LedgerBackend) -> None:
        if backend.database == "default":
            pytest.skip("SQLite locks the whole file or nothing")

    @pytest.fixture(params=[False, True], ids=["alone", "pooled"])
    def post(self, request: pytest.FixtureRequest, backend: LedgerBackend) -> Iterator[Post]:
        backend.__dict__["pooled"] = request.param
        post = Post(backend, "w", "w:1")
        yield post
        post.session.close()

    @contextmanager
    def hold(self, backend: LedgerBackend, rows: Sequence[TaskRow]) -> Iterator[None]:
        other = Session(backend.database)
        try:
            with other.atomic() as cursor:
                places = ", ".join(["%s"] * len(rows))
                ids = [TaskRow._meta.pk.get_db_prep_value(row.id, cursor.db) for row in rows]
                cursor.execute(f"UPDATE bridge_task SET losses = 0 WHERE id IN ({places})", ids)
                cursor.execute("UPDATE bridge_batch SET failed = 0")
                yield
        finally:
            other.close()

    def test_locked_rows_are_told_from_others_which_are_stored_and_the_claim_is_made(
        self, backend: LedgerBackend, post: Post
    ) -> None:
        enqueue(backend, 5)
        rows = post.exchange([], ["default"], 4).rows
        lost = rows[3]
        backend.store.release(copy(lost))
        deliveries = [ended(row, Succeeded(value=1)) for row in rows]

        with self.hold(backend, rows[:2]):
            answer = post.exchange(deliveries, ["default"], 9)
            again = post.retry(answer.locked)

        assert answer.kept == deliveries[2:3]
        assert sorted(answer.locked, key=str) == sorted(deliveries[:2], key=str)
        assert len(answer.rows) == 2
        assert (again.kept, len(again.locked)) == ([], 2)
        assert {held.row.id for held, _ in post.retry(again.locked).kept} == {
            row.id for row in rows[:2]
        }
        statuses = backend.store.tasks.filter(id__in=[row.id for row in rows[:3]])
        assert {row.status for row in statuses} == {"SUCCESSFUL"}

    def test_batch_that_is_locked_is_asked_once_and_keeps_no_other_task_waiting(
        self, backend: LedgerBackend, post: Post
    ) -> None:
        task = registry.resolve("tests.app.tasks.add")
        task.enqueue_many([(1, 2)] * 3, on_complete=task.hook(3, 4))
        enqueue(backend, 1)
        rows = post.exchange([], ["default"], 9).rows
        deliveries = [ended(row, Succeeded(value=1)) for row in rows]

        with self.hold(backend, rows[3:]):
            answer = post.exchange(deliveries[:3], ["default"], 9)

        assert (answer.kept, len(answer.locked)) == ([], 3)
        assert backend.store.tasks.filter(status="RUNNING").count() == 4
        assert len(post.retry(answer.locked).kept) == 3
        assert backend.store.tasks.filter(status="READY").count() == 1  # what follows

    def test_stray_claim_that_is_locked_goes_back_later(
        self, backend: LedgerBackend, post: Post, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        enqueue(backend, 1)
        lose_answer(monkeypatch)
        post.exchange([], ["default"], 1)
        (row,) = backend.store.tasks.filter(status="RUNNING")

        with self.hold(backend, [row]):
            post.forget(lambda row: False)
        assert backend.store.tasks.get().status == "RUNNING"
        post._ask_at = [time.monotonic()]
        post.forget(lambda row: False)

        assert backend.store.tasks.get().status == "READY"

"""Answers that get lost between the ledger and a worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from typing import Any, cast

import pytest
from django.conf import settings
from django.db import InternalError, OperationalError

from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends
from bridge.ledger.models import TaskRow
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

    def losing(self: Store, *arguments: Any) -> Any:
        answer = real(self, *arguments)
        if next(calls, False):
            raise OperationalError("server closed the connection unexpectedly")
        return answer

    monkeypatch.setattr(Store, verb, losing)


def test_outcome_whose_answer_was_lost_counts_as_stored_and_not_as_dropped(
    backend: LedgerBackend, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue(backend, 1)
    _, (row,) = post.exchange([], ["default"], 1)
    delivery = ended(row, Succeeded(value=7))
    lose_answer(monkeypatch)

    kept, _ = post.exchange([delivery], (), 0)

    assert kept == [delivery]
    assert (row.status, row.return_value) == ("SUCCESSFUL", 7)
    assert backend.store.tasks.get().status == "SUCCESSFUL"


def test_rows_of_a_claim_whose_answer_was_lost_go_back_at_no_cost(
    backend: LedgerBackend, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue(backend, 3)
    lose_answer(monkeypatch)

    _, rows = post.exchange([], ["default"], 2)
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
    _, rows = post.exchange([], ["default"], 3)
    # Real outcomes are checked before they come here; this one is not JSON.
    values = [1, float("nan"), 3]
    deliveries = [
        ended(row, Succeeded(value=value)) for row, value in zip(rows, values, strict=True)
    ]

    kept, _ = post.exchange(deliveries, (), 0)

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

    def refusing(self: Store, *arguments: Any) -> Any:
        if next(refusals, False):
            raise InternalError("cannot execute UPDATE in a read-only transaction")
        return real(self, *arguments)

    monkeypatch.setattr(Store, "exchange", refusing)
    post.look()
    before = post.session.connection.connection

    _, rows = post.exchange([], ["default"], 1)

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
    _, (stale,) = post.exchange([], ["default"], 1)
    backend.store.release(copy(stale))
    _, (valid,) = post.exchange([], ["default"], 1)
    deliveries = [ended(stale, Succeeded(value="stale")), ended(valid, Succeeded(value="valid"))]

    kept, _ = post.exchange(deliveries, (), 0)

    assert kept == deliveries[1:]
    assert backend.store.tasks.get().return_value == "valid"


def test_outcome_beyond_a_limit_of_the_server_fails_its_task_and_is_not_sent_again(
    backend: LedgerBackend, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend.database != "postgres":
        pytest.skip("the limits of PostgreSQL")
    enqueue(backend, 1)
    _, (row,) = post.exchange([], ["default"], 1)
    held, how = ended(row, Succeeded(value=None))
    monkeypatch.setattr("bridge.worker.persistence.time.sleep", lambda wait: pytest.fail("again"))

    kept, _ = post.exchange([(held, replace(how, value="[" * 60_000 + "]" * 60_000))], (), 0)

    assert [delivery[0] for delivery in kept] == [held]
    assert backend.store.tasks.get().status == "FAILED"

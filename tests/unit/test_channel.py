"""What a running task says and hears, on a connection that is not the body's."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction

from bridge import TaskContext
from bridge.ledger import ending
from bridge.ledger.channel import LedgerChannel
from bridge.ledger.models import TaskRow
from bridge.ledger.results import to_result
from bridge.ledger.store import Store
from bridge.progress import Progress
from tests.app import tasks
from tests.app.models import Run
from tests.process.project import wait_for

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))


@pytest.fixture(params=list(settings.DATABASES))
def store(request: pytest.FixtureRequest) -> Store:
    return Store(request.param)


@pytest.fixture
def row(store: Store) -> TaskRow:
    store.insert(
        TaskRow(task_path="tests.app.tasks.add", backend="default", transport="db", on_lost="fail")
    )
    (row,) = store.claim(transport="db", worker="w", worker_id="w:1")
    return row


def context_of(store: Store, row: TaskRow) -> TaskContext[..., Any]:
    return TaskContext(
        task_result=to_result(row, tasks.attempt_number), channel=LedgerChannel(store.using, row)
    )


def stored(store: Store, row: TaskRow) -> Any:
    return store.tasks.values_list("progress", flat=True).get(id=row.id)


def elsewhere(action: Callable[[], Any]) -> Any:
    """Do something as another process would, on connections that are not this thread's."""
    answers = []

    def main() -> None:
        answers.append(action())
        connections.close_all()

    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
    return answers[0]


def test_progress_is_readable_while_the_body_holds_a_transaction(
    store: Store, row: TaskRow
) -> None:
    if connections[store.using].vendor == "sqlite":
        pytest.skip("one writer at a time")
    context = context_of(store, row)
    with transaction.atomic(using=store.using):
        Run.objects.using(store.using).create(name="not committed")
        context.progress(3, 10, "thumbnails")
        wait_for(lambda: elsewhere(lambda: stored(store, row)), "progress")

    assert stored(store, row) == [3, 10, "thumbnails"]


def test_body_that_has_written_does_not_wait_and_its_last_word_is_stored_with_its_outcome(
    store: Store, row: TaskRow
) -> None:
    context = context_of(store, row)
    with transaction.atomic(using=store.using):
        Run.objects.using(store.using).create(name="holds the only write lock SQLite has")
        began = time.monotonic()
        for number in range(2000):
            context.progress(number, 2000)
        assert time.monotonic() - began < 10  # each wait for the lock would take 50 ms
    store.succeed(row, None)

    assert stored(store, row) == [1999, 2000, ""]


def test_word_that_the_locked_ledger_did_not_take_is_said_again(store: Store, row: TaskRow) -> None:
    context = context_of(store, row)
    with transaction.atomic(using=store.using):
        store.tasks.filter(id=row.id).update(on_lost="retry")
        context.progress(1)
        time.sleep(0.3)
        assert stored(store, row) is None

    wait_for(lambda: stored(store, row) == [1, None, ""], "the second try")


def test_frequent_words_are_throttled_and_the_last_one_arrives(
    store: Store, row: TaskRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = LedgerChannel(store.using, row)
    reports: list[Any] = []
    told = LedgerChannel.told
    monkeypatch.setattr(
        LedgerChannel,
        "told",
        lambda self, report, **how: (reports.append(report), told(self, report, **how)),
    )
    context = TaskContext(task_result=to_result(row, tasks.attempt_number), channel=channel)
    began = time.monotonic()
    for number in range(300):
        context.progress(number)
        time.sleep(0.005)
    wait_for(lambda: stored(store, row) == [299, None, ""], "the last word")
    took = time.monotonic() - began

    mine = [report for report in reports if report.id == row.id]
    assert 2 <= len(mine) <= took / 0.5 + 1


def test_stale_attempt_cannot_overwrite_the_progress_of_the_one_that_took_over(
    store: Store, row: TaskRow
) -> None:
    stale = context_of(store, row)
    store.release(row)
    (again,) = store.claim(transport="db", worker="w", worker_id="w:2")
    fresh = context_of(store, again)

    stale.progress(99)
    fresh.progress(1)
    wait_for(lambda: stored(store, again) == [1, None, ""], "progress")
    time.sleep(0.7)

    assert stored(store, again) == [1, None, ""]


def test_next_attempt_starts_without_progress(store: Store, row: TaskRow) -> None:
    context_of(store, row).progress(5)
    wait_for(lambda: stored(store, row), "progress")
    store.leave([ending.release(row)])

    assert stored(store, row) is None


def test_cancelled_turns_true_soon_after_somebody_asked(store: Store, row: TaskRow) -> None:
    context = context_of(store, row)
    assert not context.cancelled
    store.control.cancel([row.id])

    with transaction.atomic(using=store.using):
        Run.objects.using(store.using).create(name="not committed")
        wait_for(lambda: context.cancelled, "cancelled", seconds=10)
    asked_at = store.tasks.get(id=row.id).cancel_requested_at
    assert context.task_result.cancel_requested_at == asked_at is not None


def test_questions_are_throttled(
    store: Store, row: TaskRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = context_of(store, row)
    questions = []
    ask = LedgerChannel._ask
    monkeypatch.setattr(LedgerChannel, "_ask", lambda self: (questions.append(1), ask(self)))
    began = time.monotonic()
    while time.monotonic() - began < 1.2:
        assert not context.cancelled

    assert 2 <= len(questions) <= (time.monotonic() - began) / 0.5 + 1


def test_coroutine_on_a_loop_hears_it_too(store: Store, row: TaskRow) -> None:
    context = context_of(store, row)
    store.control.cancel([row.id])

    async def body() -> None:
        while not context.cancelled:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(body(), 30))


def test_database_that_is_away_neither_fails_nor_holds_up_a_body(
    row: TaskRow, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **kwargs: Any) -> Any:
        raise OSError("away")

    monkeypatch.setattr("bridge.ledger.messenger.Session", away)
    monkeypatch.setattr("bridge.ledger.messenger._messengers", {})
    context = context_of(store, row)
    began = time.monotonic()
    for number in range(100):
        context.progress(number)
        assert not context.cancelled

    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("progress", "kept"),
    [
        (Progress(Decimal("1.5"), Decimal(3)), [1.5, 3.0, ""]),  # type: ignore[arg-type]
        (Progress(float("nan"), float("inf"), "a\x00b\ud800"), [0, None, "ab?"]),
        (Progress("x", "y", "n" * 1000), [0, None, "n" * 500]),  # type: ignore[arg-type]
        (Progress(10**400, True), [0, 1.0, ""]),
    ],
)
def test_whatever_a_body_says_is_stored(
    store: Store, row: TaskRow, progress: Progress, kept: list[Any]
) -> None:
    context_of(store, row).progress(progress.done, progress.total, progress.note)

    assert store.succeed(row, None)
    assert stored(store, row) == kept

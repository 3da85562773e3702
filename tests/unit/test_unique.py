"""Enqueueing the same work again returns the result there is."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test import override_settings
from django.utils import timezone

from bridge import DatabaseBackend, Unique, task
from bridge.interface import InvalidTask, task_backends, task_enqueued
from tests.app import unique as tasks

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))


@pytest.fixture(params=list(settings.DATABASES))
def backend(request: pytest.FixtureRequest) -> Any:
    options = {"DATABASE": request.param}
    with override_settings(
        TASKS={"default": {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options}}
    ):
        yield task_backends["default"]


def end(backend: DatabaseBackend) -> None:
    for row in backend.store.claim(transport="db", worker="w", worker_id="w", limit=100):
        assert backend.store.succeed(row, None)


def ids(backend: DatabaseBackend) -> set[str]:
    return {str(each) for each in backend.store.tasks.values_list("id", flat=True)}


def test_same_arguments_are_the_same_task_however_they_are_passed(backend: Any) -> None:
    first = tasks.sync.enqueue(1)

    assert tasks.sync.enqueue(account=1).id == first.id
    assert tasks.sync.enqueue(1, False).id == first.id
    assert tasks.sync.enqueue(1, full=True).id != first.id
    assert tasks.sync.enqueue(2).id != first.id


def test_running_task_is_returned_as_it_is(backend: Any) -> None:
    first = tasks.sync.enqueue(1)
    backend.store.claim(transport="db", worker="w", worker_id="w")

    again = tasks.sync.enqueue(1)

    assert (again.id, again.status, again.worker_ids) == (first.id, "RUNNING", ["w"])


def test_finished_task_is_no_obstacle(backend: Any) -> None:
    first = tasks.sync.enqueue(1)
    end(backend)

    assert tasks.sync.enqueue(1).id != first.id
    assert len(ids(backend)) == 2


def test_task_that_waits_for_its_next_attempt_still_counts(backend: Any) -> None:
    first = tasks.sync.enqueue(1)
    (row,) = backend.store.claim(transport="db", worker="w", worker_id="w")
    backend.store.release(row)

    assert tasks.sync.enqueue(1).id == first.id


@pytest.mark.parametrize("finished", [True, False])
def test_period_outlasts_the_task_and_ends(backend: Any, finished: bool) -> None:
    first = tasks.report.enqueue(2026, 11)
    if finished:
        end(backend)
    assert tasks.report.enqueue(2026, 11, day=9).id == first.id
    assert tasks.report.enqueue(2026, 12).id != first.id

    past = timezone.now() - dt.timedelta(seconds=1)
    backend.store.tasks.filter(id=first.id).update(unique_until=past)

    assert (tasks.report.enqueue(2026, 11).id == first.id) is not finished


def test_key_is_an_argument_or_a_function_of_them(backend: Any) -> None:
    assert tasks.sync_account.enqueue(1, "a").id == tasks.sync_account.enqueue(1, "b").id
    assert tasks.index.enqueue("/A").id == tasks.index.enqueue("/a", force=True).id
    assert tasks.index.enqueue("").id != tasks.index.enqueue("").id


def test_key_is_the_tasks_own(backend: Any) -> None:
    assert tasks.sync.enqueue(1).id != tasks.sync_account.enqueue(1).id


def test_only_a_new_task_is_announced(backend: Any) -> None:
    heard: list[str] = []

    def hear(task_result: Any, **kwargs: Any) -> None:
        heard.append(task_result.id)

    task_enqueued.connect(hear)
    try:
        first = tasks.sync.enqueue(1)
        tasks.sync.enqueue(1)
    finally:
        task_enqueued.disconnect(hear)

    assert heard == [first.id]


def test_rolled_back_task_leaves_its_key(backend: Any) -> None:
    with transaction.atomic(using=backend.database):
        tasks.sync.enqueue(1)
        transaction.set_rollback(True, using=backend.database)

    result = tasks.sync.enqueue(1)

    assert ids(backend) == {result.id}


def test_duplicate_inside_a_transaction_does_not_break_it(backend: Any) -> None:
    with transaction.atomic(using=backend.database):
        first = tasks.sync.enqueue(1)
        again = tasks.sync.enqueue(1)
        other = tasks.sync.enqueue(2)

    assert first.id == again.id
    assert ids(backend) == {first.id, other.id}


def test_database_refuses_a_second_active_row_whoever_writes_it(backend: Any) -> None:
    from django.db import IntegrityError

    tasks.sync.enqueue(1)
    row = backend.draft(tasks.sync, [1], {})
    row.enqueued_at = timezone.now()

    with pytest.raises(IntegrityError), transaction.atomic(using=backend.database):
        row.save(using=backend.database, force_insert=True)


@pytest.mark.parametrize(
    "wrong",
    [{"unique": "account"}, {"unique": Unique(key="nobody")}, {"unique": Unique(key=3)}],  # type: ignore[arg-type]
)
def test_key_that_no_call_has_is_invalid(wrong: Any) -> None:
    with pytest.raises(InvalidTask, match=r"nique of 'tests\.app\.unique\.sync'"):
        task(**wrong)(tasks.sync.func)


@pytest.mark.parametrize("period", [0, -1, dt.timedelta(0), float("inf"), 1e12, dt.timedelta.max])
def test_period_is_some_time(period: Any) -> None:
    with pytest.raises(ValueError, match=r"more than 0 seconds and at most 100 years, not"):
        Unique(period=period)


@pytest.mark.skipif("mariadb" not in settings.DATABASES, reason="needs MariaDB")
def test_task_that_a_transaction_cannot_see_is_returned_all_the_same() -> None:
    options = {"DATABASE": "mariadb"}
    entry = {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options}
    made: list[str] = []

    def enqueue() -> None:
        made.append(tasks.sync.enqueue(1).id)
        connections["mariadb"].close()

    with override_settings(TASKS={"default": entry}):
        with connections["mariadb"].cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try:
            with transaction.atomic(using="mariadb"):
                assert not task_backends["default"].store.tasks.exists()  # type: ignore[attr-defined]
                other = threading.Thread(target=enqueue)
                other.start()
                other.join()

                again = tasks.sync.enqueue(1)
        finally:
            connections["mariadb"].close()

    assert (again.id, again.status) == (made[0], "READY")

"""enqueue_many() on the ledger: all or nothing, in few statements, with lazy results."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from bridge.backends import database
from bridge.ids import new_id
from bridge.interface import DjangoTask, task_backends, task_enqueued
from bridge.ledger.models import TaskRow
from bridge.ledger.new_rows import MOST_ROWS, MOST_TEXT, Item, chunked
from tests.app import tasks

DJANGO = DjangoTask.__module__.partition(".base")[0]
pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))


@pytest.fixture(params=list(settings.DATABASES))
def using(request: pytest.FixtureRequest) -> Iterator[str]:
    options = {"DATABASE": request.param}
    tasks = {"default": {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options}}
    with override_settings(TASKS=tasks):
        yield request.param


@pytest.fixture
def made() -> Iterator[mock.Mock]:
    """The results that have been made."""
    with mock.patch.object(database, "new_result", wraps=database.new_result) as new_result:
        yield new_result


def stored(using: str) -> list[Any]:
    rows = TaskRow.objects.using(using).order_by("id")
    return list(rows.values_list("args", flat=True))


def test_rows_are_in_the_order_of_the_calls(using: str) -> None:
    count = MOST_ROWS + 500

    results = tasks.note.enqueue_many((str(number),) for number in range(count))

    assert stored(using) == [[str(number)] for number in range(count)]
    assert [result.args for result in results] == stored(using)


def test_calls_are_read_as_they_are_written(using: str) -> None:
    written = []

    def calls() -> Iterator[tuple[str]]:
        for number in range(2 * MOST_ROWS + 1):
            if number % MOST_ROWS == 0:
                written.append(len(stored(using)))
            yield (str(number),)

    tasks.note.enqueue_many(calls())

    assert written == [0, MOST_ROWS, 2 * MOST_ROWS]


def test_calls_are_split_by_the_size_of_their_arguments_too() -> None:
    items = [Item(new_id(), "[]" + " " * (MOST_TEXT // 2), "{}") for _ in range(5)]

    assert [len(chunk) for chunk in chunked(items)] == [2, 2, 1]


@pytest.mark.parametrize("good", [1, MOST_ROWS + 1])
def test_one_bad_call_leaves_nothing_behind(using: str, good: int) -> None:
    def calls() -> Iterator[tuple[object]]:
        for number in range(good):
            yield (str(number),)
        yield (object(),)

    with transaction.atomic(using=using):
        tasks.note.enqueue("before")
        with pytest.raises(TypeError):
            tasks.note.enqueue_many(calls())
        tasks.note.enqueue("after")

    assert stored(using) == [["before"], ["after"]]


def test_rows_go_with_the_callers_transaction(using: str) -> None:
    with transaction.atomic(using=using):
        tasks.note.enqueue_many([("a",), ("b",)])
        transaction.set_rollback(True, using=using)

    assert stored(using) == []


def test_no_calls_touch_nothing(using: str) -> None:
    with CaptureQueriesContext(connections[using]) as queries:
        results = tasks.note.enqueue_many([])

    assert (len(results), results.ids, len(queries)) == (0, [], 0)


def test_a_hundred_calls_are_one_insert(using: str) -> None:
    with CaptureQueriesContext(connections[using]) as queries:
        tasks.note.enqueue_many([("a",)] * 100)

    assert sum("INSERT" in query["sql"] for query in queries) == 1


def test_results_are_made_when_asked_for(using: str, made: mock.Mock) -> None:
    results = tasks.note.enqueue_many([(str(number),) for number in range(10)])
    assert (len(results), len(results.ids), made.call_count) == (10, 10, 0)

    assert results[3].args == ["3"]
    assert results[-1].args == ["9"]
    assert made.call_count == 2


def test_slice_of_results_is_lazy_too(using: str, made: mock.Mock) -> None:
    results = tasks.note.enqueue_many([(str(number),) for number in range(10)])

    part = results[2:8][::-2]

    assert made.call_count == 0
    assert [result.args for result in part] == [["7"], ["5"], ["3"]]
    assert part.ids == [results.ids[index] for index in (7, 5, 3)]
    with pytest.raises(IndexError):
        part[3]


def test_result_is_the_one_the_ledger_gives(using: str) -> None:
    (result,) = tasks.note.enqueue_many([("a",)])

    assert result == tasks.note.get_result(result.id)


def test_results_are_made_for_a_receiver(using: str, made: mock.Mock) -> None:
    def receiver(task_result: Any, **kwargs: Any) -> None:
        rows.append(
            task_result.id in map(str, TaskRow.objects.using(using).values_list("id", flat=True))
        )

    rows: list[bool] = []
    task_enqueued.connect(receiver, sender=type(task_backends["default"]))
    try:
        tasks.note.enqueue_many([("a",), ("b",)])
    finally:
        task_enqueued.disconnect(receiver, sender=type(task_backends["default"]))

    assert rows == [True, True]
    assert made.call_count == 2


def test_results_are_not_made_for_a_receiver_of_another_backend(
    using: str, made: mock.Mock
) -> None:
    def receiver(**kwargs: Any) -> None: ...

    task_enqueued.connect(receiver, sender=DjangoTask)
    try:
        tasks.note.enqueue_many([("a",)])
    finally:
        task_enqueued.disconnect(receiver, sender=DjangoTask)

    assert made.call_count == 0


def test_results_are_made_for_a_coroutine_receiver(using: str) -> None:
    received = []

    async def receiver(task_result: Any, **kwargs: Any) -> None:
        received.append(task_result.args)

    task_enqueued.connect(receiver)
    try:
        tasks.note.enqueue_many([("a",)])
    finally:
        task_enqueued.disconnect(receiver)

    assert received == [["a"]]


def test_djangos_own_debug_lines_are_written_when_enabled(
    using: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, DJANGO):
        results = tasks.note.enqueue_many([("a",), ("b",)])

    lines = [record.getMessage() for record in caplog.records if record.name == DJANGO]
    assert [line.split()[1] for line in lines] == [f"id={result_id}" for result_id in results.ids]


def test_backend_that_is_not_ours_gets_call_by_call() -> None:
    path = f"{DJANGO}.backends.immediate.ImmediateBackend"
    with override_settings(TASKS={"default": {"BACKEND": path}}):
        results = tasks.add.enqueue_many([(1, 2), {"a": 3, "b": 4}])

    assert [result.return_value for result in results] == [3, 7]
    assert results.ids == [result.id for result in results]


def test_djangos_decorator_makes_tasks_with_enqueue_many(using: str) -> None:
    task = import_module(DJANGO).task()(tasks.note.func)

    task.enqueue_many([("a",)])

    assert stored(using) == [["a"]]

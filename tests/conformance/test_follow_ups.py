"""Hooks and batches: the same on every backend that runs tasks."""

from __future__ import annotations

from typing import Any

import pytest

from bridge import RESULT_ID, RETURN_VALUE, enqueue_batch
from bridge.interface import task_enqueued
from tests.app import hooks as tasks
from tests.app.models import Run
from tests.conformance.harness import Harness

pytestmark = pytest.mark.honours("on_success", "on_failure")
runs = pytest.mark.needs("executes")


def ran() -> list[str]:
    return list(Run.objects.order_by("id").values_list("name", flat=True))


@runs
def test_success_enqueues_on_success(harness: Harness) -> None:
    tasks.either.enqueue(False)
    harness.work()

    assert ran() == ["done"]


@runs
def test_failure_enqueues_on_failure(harness: Harness) -> None:
    result = tasks.either.enqueue(True)
    harness.work()

    assert sorted(ran()) == sorted(["failed", result.id])


@runs
def test_failure_is_what_comes_after_the_last_attempt(harness: Harness) -> None:
    tasks.stubborn.enqueue()
    harness.work()

    assert ran() == ["failed"]


@runs
def test_expired_task_has_failed(harness: Harness) -> None:
    hooked = tasks.work.using(expires=1e-6, on_failure=tasks.collect.hook("late"))
    hooked.enqueue(1)
    harness.work()

    assert ran() == ["late"]


@runs
def test_value_goes_down_a_chain(harness: Harness) -> None:
    last = tasks.collect.hook(RETURN_VALUE, {"id": RESULT_ID}, "end")
    third = tasks.add.using(on_success=last).hook(RETURN_VALUE, b=1)
    second = tasks.double.using(on_success=third).hook(RETURN_VALUE)
    tasks.double.using(on_success=second).enqueue(5)
    harness.work()

    (name,) = ran()
    assert name.startswith("21 {'id': '")
    assert name.endswith("'} end")


@runs
@pytest.mark.needs("runs_here")
def test_follow_ups_are_announced(harness: Harness) -> None:
    heard = []

    def receiver(task_result: Any, **kwargs: Any) -> None:
        heard.append(task_result.task.module_path)

    task_enqueued.connect(receiver)
    try:
        tasks.either.enqueue(False)
        harness.work()
    finally:
        task_enqueued.disconnect(receiver)

    assert heard == ["tests.app.hooks.either", "tests.app.hooks.collect"]


@runs
def test_batch_is_complete_after_its_last_task(harness: Harness) -> None:
    calls = [{"number": number, "fails": number == 2} for number in range(5)]
    results = tasks.work.enqueue_many(calls, on_complete=tasks.collect)
    harness.work()

    assert ran() == [results.batch_id]
    assert {result.batch_id for result in results} == {results.batch_id}


@runs
def test_empty_batch_is_complete(harness: Harness) -> None:
    results = tasks.work.enqueue_many([], on_complete=tasks.collect)
    harness.work()

    assert ran() == [results.batch_id]


@runs
def test_batch_of_different_tasks(harness: Harness) -> None:
    results = enqueue_batch(
        [tasks.work.hook(1), tasks.add.hook(1, b=2), tasks.stubborn],
        on_complete=[tasks.collect, tasks.collect.hook("and", RESULT_ID)],
    )
    harness.work()

    assert sorted(ran()) == sorted(
        ["failed", str(results.batch_id), f"and {results.batch_id}"],
    )


@pytest.mark.needs("keeps_in_memory")
def test_nothing_follows_where_nothing_runs(harness: Harness) -> None:
    tasks.either.enqueue(False)
    results = tasks.work.enqueue_many([(1,)], on_complete=tasks.collect)
    enqueue_batch([tasks.work.hook(1)], on_complete=tasks.collect)

    kept: Any = harness.backend
    assert len(kept.results) == 3
    assert kept.results[1].batch_id == results.batch_id


@pytest.mark.needs("supports_get_result")
@pytest.mark.honours("unique")
def test_many_calls_have_the_policies_of_one(harness: Harness) -> None:
    results = tasks.mail.enqueue_many([("a",), ("b",), ("a",)])

    assert results.ids[0] == results.ids[2] != results.ids[1]
    for result in results:
        assert result.expires_at is not None

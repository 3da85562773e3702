"""Celery's API, on every backend of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from bridge.interface import task_backends
from compat.celery.facade import (
    AsyncResult,
    Retry,
    TaskRevokedError,
    chain,
    chord,
    group,
    signature,
)
from tests.app import celery_style as app
from tests.conformance.harness import Harness

runs = pytest.mark.needs("executes")


@pytest.fixture(autouse=True)
def _nothing_seen(harness: Harness) -> Iterator[None]:
    app.seen.clear()
    if getattr(harness.backend, "transport", "") == "celery":
        # A worker registers what it declares; here other backends were configured then.
        from compat.celery import registration
        from compat.celery.facade.ending import end_chord

        for task in (end_chord, app.total, app.note, app.add, app.lost):
            registration.ensure(task)
    yield
    app.seen.clear()


def drained(harness: Harness, result: AsyncResult) -> AsyncResult:
    """Let the backend work until the result has ended, its retries included."""
    for _ in range(10):
        harness.work()
        if result.ready():
            return result
    raise AssertionError(result.state)


@runs
def test_delay_runs_the_task_and_get_returns_its_value(harness: Harness) -> None:
    result = drained(harness, app.add.delay(1, y=2))

    assert result.get(timeout=5) == 3
    assert (result.state, result.successful(), result.failed()) == ("SUCCESS", True, False)
    assert result.traceback is None


@runs
def test_apply_async_takes_arguments_and_options(harness: Harness) -> None:
    result = app.who.apply_async((1,), {"a": 2}, queue="mail", priority=0, retry=False)

    told = drained(harness, result).get()

    assert told["id"] == result.id
    assert (told["args"], told["kwargs"]) == ([1], {"a": 2})
    assert told["task"] == told["current"] == "tests.app.celery_style.who"
    assert told["queue"] == "mail"
    assert told["called_directly"] is False
    assert told["is_eager"] is harness.runs_at_once


@runs
def test_a_failed_task_raises_its_exception_where_the_result_is_read(harness: Harness) -> None:
    result = drained(harness, app.broken.delay("no luck"))

    assert result.state == "FAILURE"
    assert isinstance(result.result, LookupError)
    assert "no luck" in (result.traceback or "")
    with pytest.raises(LookupError, match="no luck"):
        result.get()
    assert isinstance(result.get(propagate=False), LookupError)


@runs
@pytest.mark.needs("runs_here")
def test_retry_runs_a_bound_task_again(harness: Harness) -> None:
    result = drained(harness, app.stubborn.delay(2))

    assert result.get() == [2, 2, "tests.app.celery_style.stubborn"]
    assert app.seen == [0, 1, 2]


@runs
@pytest.mark.needs("runs_here")
def test_a_retry_too_many_raises_what_it_was_given(harness: Harness) -> None:
    result = drained(harness, app.stubborn.delay(9))

    assert app.seen == [0, 1, 2]
    with pytest.raises(ConnectionError, match="down"):
        result.get()


@runs
def test_a_retry_too_many_without_an_exception_is_max_retries_exceeded(harness: Harness) -> None:
    result = drained(harness, app.gives_up.delay())

    assert type(result.result).__name__ == "MaxRetriesExceededError"


@runs
@pytest.mark.needs("runs_here")
def test_autoretry_for_runs_the_task_again(harness: Harness) -> None:
    assert drained(harness, app.automatic.delay("key")).get() == 3


@runs
def test_a_retry_cannot_change_the_arguments(harness: Harness) -> None:
    result = drained(harness, app.changes.delay(1))

    assert isinstance(result.result, NotImplementedError)


@runs
def test_a_caught_retry_is_none(harness: Harness) -> None:
    assert drained(harness, app.catches.delay()).get() == "caught"


@runs
def test_current_task_is_the_task_that_runs_and_nothing_elsewhere(harness: Harness) -> None:
    result = drained(harness, app.unbound.delay())

    assert result.get() == [result.id, "tests.app.celery_style.unbound"]
    assert not app.current_task


@runs
@pytest.mark.needs("supports_async_task")
def test_coroutine_functions_are_tasks_too(harness: Harness) -> None:
    assert drained(harness, app.later.delay(1)).get() == 2


@runs
def test_update_state_is_the_progress_of_the_result(harness: Harness) -> None:
    assert drained(harness, app.tells.delay()).get() == [1, 4, True]


@runs
@pytest.mark.needs("runs_here")
@pytest.mark.honours("on_success", "on_failure")
def test_link_gets_the_return_value_and_link_error_the_id(harness: Harness) -> None:
    app.add.apply_async((1, 2), link=[app.note.s("after"), app.note.si("alone")])
    failed = app.broken.apply_async(link_error=app.lost.s(), link=app.note.s("never"))
    for _ in range(3):
        harness.work()

    assert sorted(map(str, app.seen)) == sorted(
        ["[3, 'after']", "['alone']", str(("lost", failed.id))]
    )


@runs
@pytest.mark.needs("runs_here")
@pytest.mark.honours("on_success", "on_failure")
def test_a_chain_hands_each_value_on(harness: Harness) -> None:
    started = chain(app.add.s(1, 2), app.add.s(10), app.note.s("end")).apply_async()
    for _ in range(4):
        harness.work()

    assert app.seen == [[13, "end"]]
    assert started.parent.get() == 3
    with pytest.raises(NotImplementedError, match="parent"):
        started.get()


@runs
@pytest.mark.needs("runs_here")
@pytest.mark.honours("on_success", "on_failure")
def test_a_chain_stops_where_a_step_fails(harness: Harness) -> None:
    (app.broken.si("x") | app.note.s() | app.note.s()).on_error(app.lost.s()).delay()
    for _ in range(4):
        harness.work()

    assert [each[0] for each in app.seen] == ["lost"]


@runs
@pytest.mark.honours("on_success", "on_failure")
def test_a_group_has_its_results_in_order(harness: Harness) -> None:
    results = group(app.add.s(number, number) for number in range(5)).apply_async()
    harness.work()

    assert results.get(timeout=5) == [0, 2, 4, 6, 8]
    assert (results.successful(), results.completed_count(), len(results)) == (True, 5, 5)


@runs
@pytest.mark.needs("runs_here")
@pytest.mark.honours("on_success", "on_failure")
def test_the_body_of_a_chord_gets_the_values_in_order(harness: Harness) -> None:
    chord([app.add.s(number) for number in range(6)])(app.total.s(plus=100))
    for _ in range(4):
        harness.work()

    assert app.seen == [("total", [0, 1, 2, 3, 4, 5], 100)]


@runs
@pytest.mark.needs("runs_here")
@pytest.mark.honours("on_success", "on_failure")
def test_a_group_that_is_followed_is_a_chord_and_its_body_may_be_a_chain(harness: Harness) -> None:
    (group(app.add.s(1), app.add.s(2)) | app.total.s() | app.note.s("sum")).delay()
    for _ in range(6):
        harness.work()

    assert app.seen == [("total", [1, 2], 0), [3, "sum"]]


@runs
@pytest.mark.needs("runs_here")
@pytest.mark.honours("on_success", "on_failure")
def test_the_body_of_a_chord_does_not_run_when_one_has_failed(harness: Harness) -> None:
    made = chord([app.add.s(1), app.broken.si("x"), app.add.s(2)], app.total.s())
    made.on_error(app.lost.s()).apply_async()
    for _ in range(5):
        harness.work()

    assert [each[0] for each in app.seen] == ["lost"]


@runs
@pytest.mark.needs("runs_here")
def test_an_empty_chord_runs_its_body_with_nothing(harness: Harness) -> None:
    chord([])(app.total.s())
    harness.work()

    assert app.seen == [("total", [], 0)]


@pytest.mark.needs("supports_get_result")
def test_results_are_found_by_id(harness: Harness) -> None:
    result = app.add.apply_async((1, 1), countdown=600)

    assert AsyncResult(result.id).state == "PENDING"
    assert app.add.AsyncResult(result.id) == result
    assert AsyncResult("b9a8c1d2-0000-7000-8000-000000000000").state == "PENDING"
    assert AsyncResult("not an id").result is None
    with pytest.raises(TimeoutError):
        AsyncResult(result.id).get(timeout=0)


@pytest.mark.needs("supports_get_result", "cancels")
def test_a_revoked_task_is_revoked(harness: Harness) -> None:
    result = app.add.apply_async((1, 1), countdown=600)

    result.revoke()

    assert (result.state, result.ready(), result.failed()) == ("REVOKED", True, False)
    with pytest.raises(TaskRevokedError):
        result.get()
    result.forget()
    assert AsyncResult(result.id).state == "PENDING"


def test_options_of_a_call_are_those_of_using(harness: Harness) -> None:
    moment = timezone.now() + timedelta(hours=1)
    with mock.patch.object(type(harness.backend), "enqueue", autospec=True) as enqueue:
        enqueue.return_value.id = "1"
        app.add.apply_async((1,), eta=moment, expires=60, queue="slow", priority=9)
        app.add.apply_async((1,), eta=datetime(2030, 1, 1), countdown=60)
        app.add.apply_async((1,), eta=datetime(2030, 1, 1))
        app.add.s(1).set(queue="mail").apply_async()

    first, second, third, fourth = (call.args[1] for call in enqueue.call_args_list)
    assert (first.run_after, first.expires, first.queue_name) == (moment, 60, "slow")
    assert first.priority == 100
    assert second.run_after - timezone.now() < timedelta(seconds=61)
    assert third.run_after.isoformat() == "2030-01-01T00:00:00+00:00"
    assert fourth.queue_name == "mail"


def test_what_nothing_carries_over_is_refused_before_it_is_sent(harness: Harness) -> None:
    for options in (
        {"task_id": "x"},
        {"headers": {}},
        {"routing_key": "x"},
        {"serializer": "yaml"},
    ):
        with pytest.raises(NotImplementedError):
            app.add.apply_async((1,), **options)
    with pytest.raises(TypeError, match="retires"):
        app.add.apply_async((1,), retires=3)
    with pytest.raises(TypeError, match="missing"):
        app.add.delay()
    with pytest.raises(ValueError, match="0 to 9"):
        app.add.apply_async((1,), priority=50)
    with pytest.raises(NotImplementedError, match="traceback"):
        app.add.apply_async((1,), link_error=app.traced.s())


def test_mocks_of_the_old_verbs_and_of_the_new_one_work(harness: Harness) -> None:
    for name in ("delay", "apply_async", "enqueue", "retry"):
        with mock.patch(f"tests.app.celery_style.add.{name}") as mocked:
            getattr(app.add, name)(1)
        mocked.assert_called_once_with(1)
    with mock.patch.object(app.add, "apply_async") as mocked:
        app.add.delay(1, y=2)
    mocked.assert_called_once_with((1,), {"y": 2})
    assert app.add(1, 2) == 3


def test_apply_runs_here_with_retries(harness: Harness) -> None:
    assert app.stubborn.apply((1,)).get()[0] == 1
    failed = app.broken.apply()
    assert (failed.state, type(failed.result)) == ("FAILURE", LookupError)
    with pytest.raises(LookupError):
        app.broken.apply(throw=True)
    told = app.who.apply((1,)).get()
    assert (told["is_eager"], told["called_directly"]) == (True, False)
    assert chain(app.add.s(1), app.add.s(2)).apply().get() == 3
    assert chord([app.add.s(1), app.add.s(2)], app.total.s()).apply().get() == 3


def test_a_direct_call_is_told_from_a_sent_one(harness: Harness) -> None:
    told = app.who(1)
    assert (told["called_directly"], told["id"], told["args"]) == (True, None, [1])
    with pytest.raises(ConnectionError):
        app.stubborn(1)
    with pytest.raises(Retry):
        app.gives_up()
    assert app.who.call(5)["args"] == [5]


def test_a_custom_name_is_an_alias_on_every_backend(harness: Harness) -> None:
    aliases: Any = task_backends["default"]
    assert aliases.aliases.path("garden.water") == "tests.app.celery_style.water"
    assert app.water.name == aliases.aliases.wire_name(app.water.module_path) == "garden.water"
    assert signature("garden.water", ("fern",)) == app.water.s("fern")

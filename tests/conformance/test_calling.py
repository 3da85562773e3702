"""Calling tasks here and now."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync

from tests.app import promises, tasks
from tests.app.models import Run
from tests.conformance.harness import Harness


def test_call_runs_a_coroutine_function_to_its_end(harness: Harness) -> None:
    assert tasks.add_later.call(1, b=2) == 3


def test_acall_awaits_functions_and_coroutine_functions(harness: Harness) -> None:
    assert async_to_sync(tasks.add_later.acall)(1, b=2) == 3
    assert async_to_sync(tasks.add.acall)(1, b=2) == 3


def test_calling_a_coroutine_task_gives_its_coroutine(harness: Harness) -> None:
    async def twice() -> int:
        return await tasks.add_later(1, 2) + await tasks.add_later(3, b=4)

    assert async_to_sync(twice)() == 10


def test_calling_takes_and_gives_what_is_not_json(harness: Harness) -> None:
    value = {1, 2}

    assert promises.echo(value) is value
    assert promises.echo.call(value) is value


def test_calling_stores_nothing_and_lets_exceptions_through(harness: Harness) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        tasks.fail("on purpose")
    with pytest.raises(LookupError, match="on purpose"):
        promises.fails_later.call("on purpose")

    if harness.executes:
        tasks.note("only me")
        harness.work()
        assert [run.name for run in Run.objects.all()] == ["only me"]

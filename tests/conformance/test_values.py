"""What may go in and come out of a task: JSON."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from bridge.interface import TaskResultStatus
from tests.app import promises, tasks
from tests.conformance.harness import Harness, finished

JSON = [
    None,
    True,
    0,
    -1.5,
    "ünïcödé \U0001f600",
    "",
    [],
    {},
    [1, [2, {"a": None}]],
    {"a": {"b": []}},
]


def test_aenqueue_refuses_what_is_not_json_too(harness: Harness) -> None:
    with pytest.raises(TypeError):
        async_to_sync(tasks.note.aenqueue)(timezone.now())  # type: ignore[arg-type]


@pytest.mark.needs("executes")
def test_json_comes_back_as_it_was(harness: Harness) -> None:
    assert finished(harness, promises.echo.enqueue(JSON)).return_value == JSON


@pytest.mark.needs("executes")
def test_function_gets_what_json_made_of_the_argument(harness: Harness) -> None:
    result = finished(harness, promises.double_dictionary.enqueue((1, 2, 3)))

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is TypeError
    assert "unhashable type: 'list'" in result.errors[0].traceback


@pytest.mark.needs("executes")
def test_arguments_are_those_of_the_moment_of_enqueueing(harness: Harness) -> None:
    value = [1]
    result = promises.echo.enqueue(value)

    value.append(2)

    assert result.args == [[1]]
    assert finished(harness, result).return_value == [1]


@pytest.mark.needs("executes")
def test_return_value_that_is_not_json_fails_the_task(harness: Harness) -> None:
    result = finished(harness, promises.returns_an_object.enqueue())

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is TypeError


@pytest.mark.needs("executes")
def test_none_is_a_return_value(harness: Harness) -> None:
    result = finished(harness, tasks.note.enqueue("once"))

    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.return_value is None

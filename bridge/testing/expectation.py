"""What a test expects of an enqueued task, and how what was enqueued differs from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict

from bridge.interface import AnyDjangoResult, AnyTask

CLOSE = timedelta(seconds=10)
"""How far the run_after of a task may be from the expected one."""


class Details(TypedDict, total=False):
    """What can be expected of a call beside its task. A timedelta counts from the enqueueing."""

    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    queue_name: str
    priority: int
    backend: str
    run_after: datetime | timedelta | None


class Expectation:
    """A task and the details that are looked at."""

    def __init__(self, task: AnyTask, details: Details) -> None:
        self.task = task
        self.details: Mapping[str, Any] = {**details}
        for name in self.details.keys() - Details.__annotations__.keys():
            known = ", ".join(Details.__annotations__)
            raise TypeError(f"{name!r} is no detail of a call. Choose from {known}.")

    def __str__(self) -> str:
        named = ", ".join(f"{name}={value!r}" for name, value in self.details.items())
        return f"{self.task.module_path}{f' with {named}' if named else ''}"

    def is_of(self, result: AnyDjangoResult) -> bool:
        """Say whether a result is of the expected task, whatever its details."""
        return result.task.module_path == self.task.module_path

    def fits(self, result: AnyDjangoResult) -> bool:
        """Say whether a result is what is expected."""
        return self.is_of(result) and not self._wrong(result)

    def difference(self, result: AnyDjangoResult) -> str:
        """Return what is wrong with a result of the expected task, in text after its call."""
        wrong = self._wrong(result) if self.is_of(result) else {}
        return "".join(f"\n    {name} is {value!r}" for name, value in wrong.items())

    def _wrong(self, result: AnyDjangoResult) -> dict[str, Any]:
        actual = details_of(result)
        return {
            name: actual[name]
            for name, wanted in self.details.items()
            if not _fits(wanted, actual[name], result.enqueued_at)
        }


def details_of(result: AnyDjangoResult) -> dict[str, Any]:
    """Return the details of a call."""
    task = result.task
    return {
        "args": result.args,
        "kwargs": result.kwargs,
        "queue_name": task.queue_name,
        "priority": task.priority,
        "backend": result.backend,
        "run_after": task.run_after,
    }


def shown(result: AnyDjangoResult) -> str:
    """Return a call as it is written in code."""
    arguments = [repr(value) for value in result.args]
    arguments += [f"{name}={value!r}" for name, value in result.kwargs.items()]
    return f"{result.task.module_path}({', '.join(arguments)})"


def _fits(wanted: Any, actual: Any, enqueued_at: datetime | None) -> bool:
    if isinstance(wanted, timedelta) and enqueued_at is not None:
        wanted = enqueued_at + wanted
    if isinstance(wanted, datetime) and isinstance(actual, datetime):
        return abs(actual - wanted) <= CLOSE
    return bool(_as_json(wanted) == actual)


def _as_json(value: Any) -> Any:
    # Tuples arrive as lists. What only compares, such as mock.ANY, stays what it is.
    if isinstance(value, Mapping):
        return {name: _as_json(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(each) for each in value]
    return value

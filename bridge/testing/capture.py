"""What was enqueued while a test was looking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Unpack, overload

from bridge.interface import AnyDjangoResult, AnyTask, task_enqueued
from bridge.testing.commits import waiting
from bridge.testing.expectation import Details, Expectation, shown

_looking: list[CapturedTasks] = []


class CapturedTasks(Sequence[AnyDjangoResult]):
    """The results of what was enqueued, on whatever backend, in its order and as it was then."""

    def __init__(self) -> None:
        self.results: list[AnyDjangoResult] = []

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, index: int) -> AnyDjangoResult: ...
    @overload
    def __getitem__(self, index: slice) -> list[AnyDjangoResult]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self.results[index]

    def __repr__(self) -> str:
        return f"<CapturedTasks: {', '.join(map(shown, self.results)) or 'none'}>"

    def of(self, task: AnyTask) -> list[AnyDjangoResult]:
        """Return the results of one task."""
        wanted = Expectation(task, {})
        return [result for result in self.results if wanted.is_of(result)]

    def assert_enqueued(
        self, task: AnyTask, *, count: int | None = None, **details: Unpack[Details]
    ) -> list[AnyDjangoResult]:
        """Return the results of a task with these details. Raise AssertionError without any.

        With `count`, also unless there are exactly so many. What is not named is not looked at.
        """
        wanted = Expectation(task, details)
        found = [result for result in self.results if wanted.fits(result)]
        if len(found) != count if count is not None else not found:
            what = "was not enqueued"
            if count is not None:
                what = f"was enqueued {_times(len(found))}, not {_times(count)}"
            raise AssertionError(f"{wanted} {what}.\n{self._instead(wanted)}")
        return found

    def assert_not_enqueued(self, task: AnyTask | None = None, **details: Unpack[Details]) -> None:
        """Raise AssertionError if a task was enqueued with these details; without one, if any."""
        wanted = None if task is None else Expectation(task, details)
        found = [result for result in self.results if wanted is None or wanted.fits(result)]
        if found:
            lines = "\n".join(f"  {shown(result)}" for result in found)
            raise AssertionError(
                f"{wanted or 'A task'} was enqueued {_times(len(found))}:\n{lines}"
            )

    def _instead(self, wanted: Expectation) -> str:
        lines = [f"  {shown(result)}{wanted.difference(result)}" for result in self.results]
        text = "Enqueued:\n" + "\n".join(lines) if lines else "Nothing was enqueued."
        if any(waiting()):
            text += (
                "\nTasks wait for the commit of a transaction, which a TestCase never commits: put "
                "the code into `with self.captureOnCommitCallbacks(execute=True)`, or call "
                "run_pending_tasks() before."
            )
        return text


@contextmanager
def capture_tasks() -> Iterator[CapturedTasks]:
    """Collect what is enqueued in this block, by any thread of this process."""
    captured = CapturedTasks()

    def collect(task_result: AnyDjangoResult, **more: Any) -> None:
        captured.results.append(task_result)

    task_enqueued.connect(collect, weak=False)
    _looking.append(captured)
    try:
        yield captured
    finally:
        _looking.remove(captured)
        task_enqueued.disconnect(collect)


def assert_enqueued(
    task: AnyTask, *, count: int | None = None, **details: Unpack[Details]
) -> list[AnyDjangoResult]:
    """Do as the innermost `capture_tasks()` does that is open."""
    return _innermost().assert_enqueued(task, count=count, **details)


def assert_not_enqueued(task: AnyTask | None = None, **details: Unpack[Details]) -> None:
    """Do as the innermost `capture_tasks()` does that is open."""
    _innermost().assert_not_enqueued(task, **details)


def _innermost() -> CapturedTasks:
    if not _looking:
        raise RuntimeError(
            "Nobody has looked at what was enqueued. Enqueue, and assert, inside "
            "`with capture_tasks():`, in a TaskTestCase, or with the fixture task_capture."
        )
    return _looking[-1]


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")

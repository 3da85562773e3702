"""What enqueueing returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, overload
from uuid import UUID

from bridge.interface import DjangoTask, P, R, TaskResultStatus
from bridge.result import TaskResult


class Results(Sequence["TaskResult[P, R]"], Generic[P, R]):
    """The results of many calls, in their order. Each is made when it is asked for, every time.

    Like that of enqueue(), a result shows its task as it was enqueued, until refresh().
    """

    def __init__(
        self,
        ids: Sequence[UUID | str],
        make: Callable[[int], TaskResult[P, R]],
        order: range | None = None,
        batch_id: str | None = None,
    ) -> None:
        self._ids = ids
        self._make = make
        # The batch that was made of the calls.
        self.batch_id = batch_id
        self._order = range(len(ids)) if order is None else order

    @property
    def ids(self) -> list[str]:
        """Return the id of every result, without making one."""
        return [str(self._ids[index]) for index in self._order]

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> TaskResult[P, R]: ...
    @overload
    def __getitem__(self, index: slice) -> Results[P, R]: ...
    def __getitem__(self, index: int | slice) -> TaskResult[P, R] | Results[P, R]:
        if isinstance(index, slice):
            return Results(self._ids, self._make, self._order[index], self.batch_id)
        return self._make(self._order[index])

    def __repr__(self) -> str:
        return f"<Results of {len(self)} calls>"


def results_of(made: Sequence[TaskResult[P, R]], batch_id: str | None = None) -> Results[P, R]:
    """Return results that have been made already."""
    return Results([result.id for result in made], made.__getitem__, batch_id=batch_id)


def new_result(
    task: DjangoTask[P, R],
    result_id: UUID | str,
    args: list[Any],
    kwargs: dict[str, Any],
    *,
    backend: str,
    enqueued_at: datetime | None,
    **more: Any,
) -> TaskResult[P, R]:
    """Return the result of a task that has just been enqueued, or is about to be.

    The arguments are plain JSON.
    """
    result: TaskResult[P, R] = TaskResult(
        task=task,
        id=str(result_id),
        status=TaskResultStatus.READY,
        enqueued_at=enqueued_at,
        started_at=None,
        last_attempted_at=None,
        finished_at=None,
        args=[],
        kwargs={},
        backend=backend,
        errors=[],
        worker_ids=[],
        **more,
    )
    # Afterwards, since TaskResult would look through what is plain already.
    object.__setattr__(result, "args", args)
    object.__setattr__(result, "kwargs", kwargs)
    return result

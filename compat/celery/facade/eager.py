"""`task.apply()`: run a task here and now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.outcome import Failed
from compat.celery.facade.result import AsyncResult
from compat.celery.in_place import finish_in_place

if TYPE_CHECKING:
    from compat.celery.facade.task import AnyFacadeTask


class EagerResult(AsyncResult):
    """The result of a task that has run in the caller's process."""

    def __init__(self, result: Any, error: BaseException | None) -> None:
        super().__init__(result.id)
        self._known = result
        self._error = error

    @property
    def task_result(self) -> Any:
        """Return the TaskResult."""
        return self._known

    @property
    def result(self) -> Any:
        """Return what the task returned, or the very exception that failed it."""
        return super().result if self._error is None else self._error

    def forget(self) -> None:
        """Do nothing: it is kept nowhere."""

    def revoke(self, *args: Any, **options: Any) -> None:
        """Do nothing: it has finished."""

    def __reduce__(self) -> tuple[Any, ...]:
        return EagerResult, (self._known, self._error)


def run_eagerly(task: AnyFacadeTask, args: Any, kwargs: Any, *, throw: bool) -> EagerResult:
    """Run a task to its end. With throw, raise what fails it."""
    result, outcome = finish_in_place(task, args, kwargs)
    error = outcome.exception if isinstance(outcome, Failed) else None
    if error is not None and throw:
        raise error
    return EagerResult(result, error)

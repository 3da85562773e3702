"""The TaskResult of our backends: Django's, and what a task has told and was told."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias

from asgiref.sync import sync_to_async

from bridge.cancellation import Cancellation
from bridge.interface import TASK_REFRESH_ATTRS, BaseTaskResult, DjangoTaskResult, P, R
from bridge.progress import Progress

if TYPE_CHECKING:
    from bridge.return_value import ReturnValue

REFRESHED = (*TASK_REFRESH_ATTRS, "progress", "cancel_requested_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult(BaseTaskResult[P, R], Generic[P, R]):  # type: ignore[misc]  # Django's is frozen
    """What is known of one enqueued call."""

    if TYPE_CHECKING:
        return_value: ClassVar[ReturnValue]

        def _returned(self) -> R: ...

    # After this time it is not started any more.
    expires_at: datetime | None = None
    # How far it says it is.
    progress: Progress | None = None
    # When somebody asked it to stop.
    cancel_requested_at: datetime | None = None
    # The batch it is part of.
    batch_id: str | None = None

    def refresh(self) -> None:
        """Read everything that can change anew."""
        self._read(self.task.get_backend().get_result(self.id))

    async def arefresh(self) -> None:
        """Do as refresh() does."""
        self._read(await self.task.get_backend().aget_result(self.id))

    def cancel(self) -> Cancellation:
        """Let the task never start, or ask it to stop when a worker has it; then refresh().

        It takes part in the caller's transaction. `Cancellation` says what it has come to, and is
        true unless the task had finished.
        """
        backend: Any = self.task.get_backend()
        answer: Cancellation = backend.cancel(self.id)
        with suppress(NotImplementedError):  # where results live in memory, this is the one
            self.refresh()
        return answer

    async def acancel(self) -> Cancellation:
        """Do as cancel() does."""
        return await sync_to_async(self.cancel, thread_sensitive=True)()

    @property
    def exception(self) -> BaseException | None:
        """Return what failed the task: of its class, with its message, without its traceback.

        None for a task that has not failed, and for a class that cannot be imported any more.
        """
        if self.status != "FAILED" or not self.errors:
            return None
        error = self.errors[-1]
        try:
            kind = error.exception_class
        except (ImportError, ValueError):
            return None
        return kind.__new__(kind, _message(error.traceback, kind))

    @property
    def traceback(self) -> str | None:
        """Return the traceback of what failed the task, None when nothing did."""
        return self.errors[-1].traceback if self.status == "FAILED" and self.errors else None

    @property
    def result(self) -> Any:
        """Return what return_value does: the name it has in DEP 0014."""
        return self.return_value

    def become(self, other: Any) -> None:
        """Show what another result does, its id included, where there was none before."""
        for name in ("id", "expires_at", "batch_id"):
            object.__setattr__(self, name, getattr(other, name))
        self._read(other)

    def _read(self, other: Any) -> None:
        for name in REFRESHED:
            object.__setattr__(self, name, getattr(other, name))


FIELDS = tuple(each.name for each in fields(TaskResult))


def _message(traceback: str, kind: type[BaseException]) -> str:
    head = f"{kind.__name__}: "
    lines = traceback.splitlines()
    for number in range(len(lines) - 1, -1, -1):
        before, found, first = lines[number].partition(head)
        if found and (not before or before.endswith(".")) and not before.startswith(" "):
            return "\n".join([first, *lines[number + 1 :]])
    return ""


def changed(result: TaskResult[P, R], **changes: Any) -> TaskResult[P, R]:
    """Return a copy with other values.

    Unlike dataclasses.replace() it does not look through the arguments, which may hold what old
    code has sent and is not JSON.
    """
    copy: TaskResult[P, R] = object.__new__(type(result))
    for name in FIELDS:
        value = changes[name] if name in changes else getattr(result, name)
        object.__setattr__(copy, name, value)
    return copy


def result_like(result: DjangoTaskResult[P, R]) -> TaskResult[P, R]:
    """Return a result of Django's, which says less, as one of ours; ours as it is."""
    if isinstance(result, TaskResult):
        return result
    known = {each.name: getattr(result, each.name) for each in fields(result)}
    value = known.pop("_return_value")
    made: TaskResult[P, R] = TaskResult(**known)
    object.__setattr__(made, "_return_value", value)
    return made


if TYPE_CHECKING:
    AnyResult: TypeAlias = TaskResult[..., Any]
else:
    AnyResult = TaskResult

"""The TaskContext of our backends: Django's, and a way to talk while the task runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias

from bridge.interface import BaseTaskContext, P, R
from bridge.progress import Progress
from bridge.result import AnyResult, TaskResult


class Channel(Protocol):
    """Carries what a running task says and what it is told. None of it may raise."""

    def report(self, result: AnyResult) -> None:
        """Let others see the progress of this result."""

    def is_cancelled(self, result: AnyResult) -> bool:
        """Say whether somebody asked this task to stop."""


class Silence:
    """The channel of a task that nobody else can see."""

    def report(self, result: AnyResult) -> None:
        """Tell nobody."""

    def is_cancelled(self, result: AnyResult) -> bool:
        """Return False: nobody could have asked."""
        return False


SILENCE = Silence()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext(BaseTaskContext[P, R], Generic[P, R]):  # type: ignore[misc]  # Django's is frozen
    """What a task that takes a context gets as its first argument."""

    if TYPE_CHECKING:
        task_result: TaskResult[P, R]
    channel: Channel = field(default=SILENCE, repr=False, compare=False)

    def progress(self, done: float, total: float | None = None, note: str = "") -> None:
        """Say how far the task is; others read it in `result.progress`.

        Call it as often as you like: what comes too fast for the ledger is left out, the last
        word is not.
        """
        object.__setattr__(self.task_result, "progress", Progress(done, total, note))
        self.channel.report(self.task_result)

    @property
    def cancelled(self) -> bool:
        """Say whether somebody asked this task to stop.

        A task that does should raise TaskCancelled, or return what it has so far.
        """
        asked = self.task_result.cancel_requested_at is not None
        return asked or self.channel.is_cancelled(self.task_result)


if TYPE_CHECKING:
    AnyContext: TypeAlias = TaskContext[..., Any]
else:
    AnyContext = TaskContext

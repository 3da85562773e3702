"""Run tasks at once in the caller's process: for tests and for development."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.core import checks
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from bridge.backends.after_commit import at_commit
from bridge.backends.endless import bounded
from bridge.backends.memory import MemoryBackend
from bridge.backends.options import PROPAGATE, Option
from bridge.cancellation import Cancellation
from bridge.checks.kinds import WRONG_OPTION
from bridge.context import SILENCE
from bridge.execution import attempt
from bridge.expiry import expiry
from bridge.hooks import Hooks
from bridge.in_memory import attempt_in_memory, cancel_in_memory, enqueue_hooks
from bridge.interface import P, R, task_enqueued
from bridge.outcome import Failed, Outcome
from bridge.result import AnyResult, TaskResult
from bridge.transactional import attempt_in_transaction


class ImmediateBackend(MemoryBackend):
    """Run each task inside enqueue().

    `run_after` and the waits between retries are accepted and skipped; a task that still asks for
    another attempt after a hundred fails. With
    OPTIONS["PROPAGATE"] an exception that fails a task reaches the caller of enqueue().
    """

    supports_defer = True
    supports_async_task = True
    supports_priority = True

    known_options: ClassVar[tuple[Option, ...]] = (*MemoryBackend.known_options, PROPAGATE)
    for_production = False
    honours: ClassVar[frozenset[str]] = frozenset(
        {
            "retry",
            "timeout",
            "expires",
            "transactional",
            "on_success",
            "on_failure",
            "enqueue_on_commit",
        }
    )

    @property
    def propagate(self) -> bool:
        """Say whether the caller gets the exception of a failed task, from OPTIONS["PROPAGATE"]."""
        return bool(self.option(PROPAGATE))

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        return [*super().check(**kwargs), *self.wrong(WRONG_OPTION, "propagate")]

    def cancel(self, result_id: str) -> Cancellation:
        """Ask a running task to stop, its own body for example; any other has finished."""
        return cancel_in_memory(result_id)

    def complete(self, batch_id: str, made: Sequence[AnyResult], on_complete: Hooks) -> None:
        """Enqueue what follows from a batch, once all of its tasks have finished."""

        def enqueue() -> None:
            for hook in on_complete:
                hook.enqueue(result_id=batch_id)

        if all(result.is_finished for result in made):
            enqueue()
        else:
            at_commit(enqueue, self.database)  # after them: they wait for it too

    def receive(self, result: TaskResult[P, R]) -> TaskResult[P, R]:
        """Run a task to its end, enqueue its hooks, and return the result."""
        now = timezone.now()
        expires_at = expiry(getattr(result.task, "expires", None), now)
        result = replace(result, enqueued_at=now, expires_at=expires_at)
        task_enqueued.send(type(self), task_result=result)
        while not result.is_finished:
            result, outcome = attempt_in_memory(
                result, sender=type(self), worker_id=f"immediate:{self.alias}", run=_run
            )
        enqueue_hooks(result)
        if isinstance(outcome, Failed) and self._propagates(outcome.exception):
            raise outcome.exception
        return result

    def _propagates(self, error: BaseException) -> bool:
        return isinstance(error, KeyboardInterrupt) or self.propagate


def _run(result: AnyResult) -> Outcome:
    return bounded(result, _attempt(result))


def _attempt(result: AnyResult) -> Outcome:
    if not getattr(result.task, "transactional", False):
        return attempt(result)
    return attempt_in_transaction(
        result, lambda outcome: True, using=DEFAULT_DB_ALIAS, losses=0, channel=SILENCE
    )

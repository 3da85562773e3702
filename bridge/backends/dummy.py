"""Keep tasks in memory and run none: for tests of what was enqueued."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import ClassVar

from django.utils import timezone

from bridge.backends.memory import MemoryBackend
from bridge.cancellation import Cancellation
from bridge.exceptions import TaskCancelled
from bridge.expiry import expiry
from bridge.interface import (
    DjangoDummyBackend,
    P,
    R,
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_enqueued,
)
from bridge.outcome import describe
from bridge.result import TaskResult


class DummyBackend(MemoryBackend, DjangoDummyBackend):
    """Django's DummyBackend, with tasks that carry policies."""

    for_production = False
    honours: ClassVar[frozenset[str]] = frozenset({"enqueue_on_commit"})

    def cancel(self, result_id: str) -> Cancellation:
        """Fail a task in `results` with TaskCancelled. Raise TaskResultDoesNotExist."""
        result = next((each for each in self.results if each.id == result_id), None)
        if result is None:
            raise TaskResultDoesNotExist(result_id)
        if result.is_finished:
            return Cancellation.TOO_LATE
        error = describe(TaskCancelled("The task was cancelled while it waited."))
        now = timezone.now()
        for name, value in {
            "status": TaskResultStatus.FAILED,
            "errors": [*result.errors, error],
            "finished_at": now,
            "cancel_requested_at": now,
        }.items():
            object.__setattr__(result, name, value)
        return Cancellation.DONE

    def receive(self, result: TaskResult[P, R]) -> TaskResult[P, R]:
        """Keep a task in `results`."""
        now = timezone.now()
        expires_at = expiry(getattr(result.task, "expires", None), now)
        kept = replace(result, enqueued_at=now, expires_at=expires_at)
        self.results.append(kept)
        task_enqueued.send(type(self), task_result=kept)
        return deepcopy(kept)  # what becomes of the caller's is no matter of `results`

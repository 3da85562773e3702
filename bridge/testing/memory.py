"""Tasks that a DummyBackend has collected and a test runs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from bridge.context import SILENCE
from bridge.execution import attempt
from bridge.in_memory import attempt_in_memory, enqueue_hooks
from bridge.interface import DjangoDummyBackend, TaskResultStatus
from bridge.outcome import Failed, Outcome, RetryLater
from bridge.restoring import restore
from bridge.result import AnyResult, result_like
from bridge.testing.ran import Ran, Which
from bridge.testing.stage import Stage
from bridge.transactional import attempt_in_transaction


class MemoryTasks:
    """The READY results of a DummyBackend, of ours or of Django's."""

    def __init__(self, backend: DjangoDummyBackend, which: Which) -> None:
        self._backend = backend
        self._which = which

    def ids(self) -> set[str]:
        """Return the ids of those that can run."""
        return {result.id for result in self._backend.results if self._can_run(result)}

    def run_next(self, among: Collection[str] | None, but: Collection[str]) -> Ran | None:
        """Run the first of these, or of all, that is not among those; None without any."""
        results = self._backend.results
        able = [
            index
            for index, result in enumerate(results)
            if self._can_run(result)
            and (among is None or result.id in among)
            and result.id not in but
        ]
        if not able:
            return None
        index = min(able, key=lambda index: -results[index].task.priority)
        result, outcome = attempt_in_memory(
            result_like(results[index]), sender=type(self._backend), worker_id="test", run=_attempt
        )
        if isinstance(outcome, RetryLater):
            again = timezone.now() + timedelta(seconds=outcome.delay)
            object.__setattr__(result, "task", restore(result.task, run_after=again))
        results[index] = result
        if result.is_finished:
            enqueue_hooks(result)
        return Ran(result, outcome.exception if isinstance(outcome, Failed) else None)

    def _can_run(self, result: Any) -> bool:
        which, task = self._which, result.task
        if result.status != TaskResultStatus.READY:
            return False
        if which.queues is not None and task.queue_name not in which.queues:
            return False
        is_due = task.run_after is None or task.run_after <= timezone.now()
        return is_due or which.deferred or (result.attempts > 0 and not which.retry_waits)


def _attempt(result: AnyResult) -> Outcome:
    stage = Stage()
    if getattr(result.task, "transactional", False):
        outcome = attempt_in_transaction(
            result, lambda outcome: True, using=DEFAULT_DB_ALIAS, losses=0, channel=SILENCE
        )
    else:
        outcome = attempt(result, after_call=stage.leave)
    stage.close()
    return outcome

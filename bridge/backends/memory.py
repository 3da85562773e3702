"""A backend whose tasks are in no database."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from bridge.backends.after_commit import enqueue_after_commit
from bridge.backends.base import BridgeBackend
from bridge.ids import new_id
from bridge.interface import DjangoTask, P, R
from bridge.result import TaskResult
from bridge.results import new_result
from bridge.values import storable


class MemoryBackend(BridgeBackend):
    """Make results and hand them on; a subclass says what becomes of them."""

    @abstractmethod
    def receive(self, result: TaskResult[P, R]) -> TaskResult[P, R]:
        """Enqueue a task, now; return its result as the caller gets it."""

    def enqueue(self, task: DjangoTask[P, R], args: Any, kwargs: Any) -> TaskResult[P, R]:
        """Enqueue a task, now or when the caller's transaction commits."""
        return self.enqueue_call(task, args, kwargs, batch_id=None)

    def enqueue_call(
        self, task: DjangoTask[P, R], args: Any, kwargs: Any, *, batch_id: str | None
    ) -> TaskResult[P, R]:
        """Do as enqueue() does, for a task of a batch."""
        self.validate_task(task)
        result = new_result(
            task,
            new_id(),
            storable(list(args), typed=self.typed_json),
            storable(dict(kwargs), typed=self.typed_json),
            backend=self.alias,
            enqueued_at=None,
            batch_id=batch_id,
        )
        if self.waits_for_commit(task):
            return enqueue_after_commit(result, self.receive, self.database)
        return self.receive(result)

"""The backend to end on: the ledger is the queue, `manage.py db_worker` runs it."""

from __future__ import annotations

from typing import Any

from bridge.backends.ledger import LedgerBackend
from bridge.interface import DjangoTask, P, R, TaskResult, task_enqueued
from bridge.ledger.results import to_result


class DatabaseBackend(LedgerBackend):
    """Keep tasks in the database, in the caller's transaction."""

    transport = "db"

    def enqueue(self, task: DjangoTask[P, R], args: Any, kwargs: Any) -> TaskResult[P, R]:
        """Insert a task. Raise TypeError for arguments that are not JSON."""
        result = to_result(self.record(task, args, kwargs), task)
        task_enqueued.send(type(self), task_result=result)
        return result

"""The backend to end on: the ledger is the queue, `manage.py db_worker` runs it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import transaction
from django.utils import timezone

from bridge.backends.ledger import LedgerBackend
from bridge.base import restore
from bridge.calls import Arguments
from bridge.interface import AnyTask, DjangoTask, P, R, TaskResult, task_enqueued
from bridge.ledger.batch import Batch, Item, chunked, new_item
from bridge.listeners import is_heard
from bridge.results import Results, new_result
from bridge.retry import like


class DatabaseBackend(LedgerBackend):
    """Keep tasks in the database, in the caller's transaction."""

    transport = "db"

    def enqueue(self, task: DjangoTask[P, R], args: Any, kwargs: Any) -> TaskResult[P, R]:
        """Insert a task. Raise TypeError for arguments that are not JSON."""
        self.validate_task(task)
        item = new_item(args, kwargs)
        at = self._insert(task, [item])
        result = self._result(task, item, at)
        task_enqueued.send(type(self), task_result=result)
        return result

    def enqueue_many(self, task: DjangoTask[P, R], calls: Iterable[Arguments]) -> Results[P, R]:
        """Insert a task for each call, or none of them when one cannot be inserted.

        The calls are read, and inserted, a thousand at a time. Raise TypeError for arguments that
        are not JSON.
        """
        self.validate_task(task)
        chunks = chunked(new_item(args, kwargs) for args, kwargs in calls)
        # Read before the transaction opens, which few calls then keep short.
        first = next(chunks, [])
        items: list[Item] = []
        times: list[datetime] = []
        if first:
            with transaction.atomic(using=self.database):
                for chunk in chain([first], chunks):
                    at = self._insert(task, chunk)
                    items += chunk
                    times += [at] * len(chunk)
        results = Results(
            [item.id for item in items],
            lambda index: self._result(task, items[index], times[index]),
        )
        if is_heard(task_enqueued, type(self), logging.DEBUG):
            for result in results:
                task_enqueued.send(type(self), task_result=result)
        return results

    def _insert(self, task: AnyTask, items: Sequence[Item]) -> datetime:
        now = timezone.now()
        batch = Batch(
            task_path=task.module_path,
            backend=self.alias,
            transport=self.transport,
            queue_name=task.queue_name,
            priority=task.priority,
            on_lost=self.on_lost_of(task),
            run_after=task.run_after and like(task.run_after, now),
            enqueued_at=now,
            items=items,
        )
        self.store.insert_batch(batch, notify=not self.pooled)
        return now

    def _result(self, task: DjangoTask[P, R], item: Item, at: datetime) -> TaskResult[P, R]:
        if task.backend != self.alias:
            task = restore(task, backend=self.alias)
        return new_result(
            task,
            item.id,
            json.loads(item.args),
            json.loads(item.kwargs),
            backend=self.alias,
            enqueued_at=at,
        )

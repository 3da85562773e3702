"""The backend to end on: the ledger is the queue, `manage.py db_worker` runs it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from bridge.backends.after_commit import at_commit
from bridge.backends.ledger import LedgerBackend
from bridge.base import Task
from bridge.calls import Arguments
from bridge.hooks import Hooks
from bridge.interface import AnyTask, DjangoTask, P, R, task_enqueued
from bridge.ledger.new_rows import Item, NewRows, chunked, new_item
from bridge.ledger.policies import apply_policies
from bridge.ledger.results import to_result
from bridge.listeners import is_heard
from bridge.policies import POLICIES
from bridge.restoring import restore
from bridge.result import TaskResult
from bridge.results import Results, new_result, results_of
from bridge.retry import like

if TYPE_CHECKING:
    from bridge.ledger.models import BatchRow, TaskRow


class DatabaseBackend(LedgerBackend):
    """Keep tasks in the database, in the caller's transaction."""

    transport = "db"
    supports_pause = True
    honours: ClassVar[frozenset[str]] = frozenset(POLICIES)

    def enqueue(self, task: DjangoTask[P, R], args: Any, kwargs: Any) -> TaskResult[P, R]:
        """Insert a task. Raise TypeError for arguments that are not JSON."""
        self.validate_task(task)
        if self.waits_for_commit(task):
            return self._later(task, [(args, kwargs)], None)[0]
        if isinstance(task, Task) and not task.is_plain:
            return self._enqueue_drafted(task, self.draft(task, args, kwargs))
        item = new_item(args, kwargs, typed=self.typed_json)
        at = self._insert(task, [item])
        result = self._result(task, item, at)
        task_enqueued.send(type(self), task_result=result)
        return result

    def _later(
        self, task: DjangoTask[P, R], calls: Iterable[Arguments], batch: BatchRow | None
    ) -> Results[P, R]:
        drafts = [self.draft(task, args, kwargs) for args, kwargs in calls]
        for draft in drafts:
            draft.batch_id = batch.id if batch else None
        results = [to_result(draft, task) for draft in drafts]

        def enqueue() -> None:
            if isinstance(task, Task):
                for draft in drafts:
                    apply_policies(draft, task, timezone.now())  # some count from now on
            for result, made in zip(results, self.enqueue_drafts(task, drafts, batch), strict=True):
                result.become(made)

        at_commit(enqueue, self.database)
        return results_of(results, str(batch.id) if batch else None)

    def _enqueue_drafted(self, task: DjangoTask[P, R], draft: TaskRow) -> TaskResult[P, R]:
        row = self.store.insert(draft, notify=not self.pooled)
        result = to_result(row, task)
        if row is draft:
            task_enqueued.send(type(self), task_result=result)
        return result

    def enqueue_many(
        self,
        task: DjangoTask[P, R],
        calls: Iterable[Arguments],
        *,
        on_complete: Hooks | None = None,
    ) -> Results[P, R]:
        """Insert a task for each call, or none of them when one cannot be inserted.

        The calls are read, and inserted, a thousand at a time. Raise TypeError for arguments that
        are not JSON.
        """
        self.validate_task(task)
        if self.waits_for_commit(task):
            return self._later(task, calls, self.new_batch(on_complete))
        if isinstance(task, Task) and not task.is_plain:
            return super().enqueue_many(task, calls, on_complete=on_complete)
        batch = self.new_batch(on_complete)
        batch_id = batch.id if batch else None
        chunks = chunked(new_item(args, kwargs, typed=self.typed_json) for args, kwargs in calls)
        # Read before the transaction opens, which few calls then keep short.
        first = next(chunks, [])
        items: list[Item] = []
        times: list[datetime] = []
        if first or batch:
            with transaction.atomic(using=self.database):
                for chunk in chain([first] if first else [], chunks):
                    at = self._insert(task, chunk, batch_id)
                    items += chunk
                    times += [at] * len(chunk)
                if batch:
                    batch.total = batch.pending = len(items)
                    self.store.open_batch(batch)
        text = str(batch_id) if batch_id else None
        results = Results(
            [item.id for item in items],
            lambda index: self._result(task, items[index], times[index], text),
            batch_id=text,
        )
        if is_heard(task_enqueued, type(self), logging.DEBUG):
            for result in results:
                task_enqueued.send(type(self), task_result=result)
        return results

    def _insert(
        self, task: AnyTask, items: Sequence[Item], batch_id: UUID | None = None
    ) -> datetime:
        now = timezone.now()
        new = NewRows(
            task_path=task.module_path,
            backend=self.alias,
            transport=self.transport,
            queue_name=task.queue_name,
            priority=task.priority,
            on_lost=self.on_lost_of(task),
            run_after=task.run_after and like(task.run_after, now),
            enqueued_at=now,
            items=items,
            batch_id=batch_id,
        )
        self.store.insert_new(new, notify=not self.pooled)
        return now

    def _result(
        self, task: DjangoTask[P, R], item: Item, at: datetime, batch_id: str | None = None
    ) -> TaskResult[P, R]:
        if task.backend != self.alias:
            task = restore(task, backend=self.alias)
        return new_result(
            task,
            item.id,
            json.loads(item.args),
            json.loads(item.kwargs),
            backend=self.alias,
            enqueued_at=at,
            batch_id=batch_id,
        )

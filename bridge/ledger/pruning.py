"""The end of a row: tasks that finished long ago, and what belongs to nothing any more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from itertools import groupby
from operator import or_
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from bridge.ledger.leases import Clock
from bridge.ledger.models import RUNNING, BatchRow, LimitRow, TaskRow
from bridge.retention import Retention

CHUNK = 500
"""How many rows one transaction deletes: a few milliseconds."""
LIMITS_KEPT = timedelta(days=1)
"""For how long nobody may have asked about a limit, counted from the end of a rate's period."""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Pruned = Counter[str]
"""How many rows went: tasks by their state, "batches", "limits"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which finished tasks may go.

    Without a backend those of all, without queues and tasks likewise; a task is a path, or the
    beginning of one and an asterisk.
    """

    retention: Retention
    backend: str | None = None
    queues: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()

    def condition(self) -> Q:
        """Return what is asked of a row besides its age."""
        condition = Q()
        if self.backend is not None:
            condition &= Q(backend=self.backend)
        if self.queues:
            condition &= Q(queue_name__in=self.queues)
        if self.tasks:
            condition &= reduce(or_, map(_is_path, self.tasks))
        return condition


def prune(using: str, selection: Selection) -> Iterator[Pruned]:
    """Delete what may go; yield after each transaction what it has deleted.

    To stop in between loses nothing. READY and RUNNING tasks are never deleted, finished ones not
    while their batch is unfinished or their unique key is kept.
    """
    now = _now(using)
    if now is not None:
        yield from _prune_tasks(using, selection, now)
    if ages := selection.retention.by_state().values():
        yield from _prune_batches(using, min(ages))
    yield from _prune_limits(using)


def count(using: str, selection: Selection) -> Pruned:
    """Return how many tasks may go, by state."""
    now = _now(using)
    counts = Pruned()
    if now is not None:
        states = _candidates(using, selection, now).values_list("status", flat=True)
        for state in selection.retention.by_state():
            counts[state] = states.filter(status=state).count()
    return counts


def _prune_tasks(using: str, selection: Selection, now: datetime) -> Iterator[Pruned]:
    candidates = _candidates(using, selection, now).order_by("finished_at")
    # Others may be at it too: each takes what the other has not. SQLite has one writer at a time.
    shared = connections[using].features.has_select_for_update_skip_locked
    if shared:
        candidates = candidates.select_for_update(skip_locked=True)
    since: datetime | None = None
    while True:
        with transaction.atomic(using=using) if shared else nullcontext():
            # Rows that have gone are still in the index: it is read from where the last ones were.
            rest = candidates if since is None else candidates.filter(finished_at__gte=since)
            rows = list(rest.values_list("status", "id", "finished_at")[:CHUNK])
            pruned = _delete(using, rows)
        yield pruned
        if len(rows) < CHUNK:
            return
        since = rows[-1][2]


def _delete(using: str, rows: Sequence[tuple[str, UUID, datetime | None]]) -> Pruned:
    pruned = Pruned()
    for state, group in groupby(sorted(rows, key=_state), key=_state):
        ids = [row[1] for row in group]
        gone = TaskRow.objects.using(using).filter(id__in=ids, status=state)
        pruned[state] = gone.delete()[0]
    return pruned


def _candidates(using: str, selection: Selection, now: datetime) -> QuerySet[TaskRow]:
    ages = selection.retention.by_state()
    if not ages:
        return TaskRow.objects.using(using).none()
    unfinished = BatchRow.objects.using(using).filter(id=OuterRef("batch_id"), finished_at=None)
    return (
        TaskRow.objects.using(using)
        .filter(selection.condition())
        # What the index is read for, then what is asked of each row.
        .filter(finished_at__lte=now - min(ages.values()))
        .filter(reduce(or_, (Q(status=s, finished_at__lte=now - age) for s, age in ages.items())))
        .filter(Q(unique_until=None) | Q(unique_until__lte=now))
        .filter(Q(batch_id=None) | ~Exists(unfinished))
    )


def _prune_batches(using: str, age: timedelta) -> Iterator[Pruned]:
    batches = BatchRow.objects.using(using)
    tasks = TaskRow.objects.using(using)
    finished = batches.filter(finished_at__lte=Clock() - age).order_by("id")
    ids = list(finished.values_list("id", flat=True)[:CHUNK])
    while ids:
        filled = set(tasks.filter(batch_id__in=ids).values_list("batch_id", flat=True).distinct())
        empty = [each for each in ids if each not in filled]
        yield Pruned(batches=batches.filter(id__in=empty).delete()[0])
        ids = list(finished.filter(id__gt=ids[-1]).values_list("id", flat=True)[:CHUNK])


def _prune_limits(using: str) -> Iterator[Pruned]:
    limits = LimitRow.objects.using(using)
    old = limits.filter(touched_at__lt=Clock() - LIMITS_KEPT).order_by("key")
    rows = list(old[:CHUNK])
    while rows:
        holders = {row.key: {UUID(each) for each in _ID.findall(str(row.state))} for row in rows}
        running = set(
            TaskRow.objects.using(using)
            .filter(id__in=set().union(*holders.values()), status=RUNNING)
            .values_list("id", flat=True)
        )
        pruned = Pruned()
        for row in rows:
            if not running & holders[row.key]:
                # Touched again in the meantime, it stays.
                same = limits.filter(key=row.key, touched_at=row.touched_at)
                pruned["limits"] += same.delete()[0]
        yield pruned
        rows = list(old.filter(key__gt=rows[-1].key)[:CHUNK])


def _now(using: str) -> datetime | None:
    """Return the time by the database's clock, None where no task has finished."""
    finished = TaskRow.objects.using(using).filter(finished_at__isnull=False)
    times = finished.order_by("-finished_at").annotate(now=Clock()).values_list("now", flat=True)
    return next(iter(times[:1]), None)


def _state(row: Sequence[Any]) -> Any:
    return row[0]


def _is_path(path: str) -> Q:
    if path.endswith("*"):
        return Q(task_path__startswith=path[:-1])
    return Q(task_path=path)

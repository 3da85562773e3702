"""Which tasks somebody means, and all of them in pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from bridge.ledger.models import TaskRow

PAGE = 500
"""Rows that are read, and changed, at a time."""


class Found(NamedTuple):
    """A task that is meant."""

    id: UUID
    task_path: str
    queue_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """Tasks that fit in every respect; empty means any.

    Each of `tasks` and `errors` may have asterisks, which stand for any text. An error is the
    class of the last one, with or without its module. `since` and `until` are about the field
    that `time` names.
    """

    statuses: Sequence[str]
    time: str
    ids: Sequence[UUID] = ()
    tasks: Sequence[str] = ()
    queues: Sequence[str] = ()
    errors: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        """Say whether somebody has named tasks, so that he knows which he means."""
        return bool(self.ids) or any(pattern.strip("*") for pattern in self.tasks)

    def pages(self, rows: QuerySet[TaskRow]) -> Iterator[list[Found]]:
        """Yield those among rows in pages, however many they are."""
        rows = self._filtered(rows).order_by("id")
        columns = ("id", "task_path", "queue_name", *(("errors",) if self.errors else ()))
        page = list(rows.values_list(*columns)[:PAGE])
        while page:
            if found := [Found(*each[:3]) for each in page if self._fits(each[3:])]:
                yield found
            page = list(rows.filter(id__gt=page[-1][0]).values_list(*columns)[:PAGE])

    def _filtered(self, rows: QuerySet[TaskRow]) -> QuerySet[TaskRow]:
        rows = rows.filter(status__in=self.statuses)
        if self.ids:
            rows = rows.filter(id__in=self.ids)
        if self.queues:
            rows = rows.filter(queue_name__in=self.queues)
        if self.tasks:
            rows = rows.filter(reduce(or_, map(_path, self.tasks)))
        if self.since is not None:
            rows = rows.filter(**{f"{self.time}__gte": self.since})
        if self.until is not None:
            rows = rows.filter(**{f"{self.time}__lt": self.until})
        return rows

    def _fits(self, rest: Sequence[Any]) -> bool:
        if not self.errors:
            return True
        (errors,) = rest
        return bool(errors) and any(_is_error(errors[-1], pattern) for pattern in self.errors)


def _path(pattern: str) -> Q:
    if "*" in pattern:
        return Q(task_path__regex=_regex(pattern))
    return Q(task_path=pattern)


def _is_error(error: Mapping[str, str], pattern: str) -> bool:
    path = error["exception_class_path"]
    wanted = re.compile(_regex(pattern))
    return bool(wanted.match(path) or wanted.match(path.rpartition(".")[2]))


def _regex(pattern: str) -> str:
    return f"^{'.*'.join(re.escape(part) for part in pattern.split('*'))}$"

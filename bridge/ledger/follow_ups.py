"""The rows that the end of others brings about: hooks, and what a complete batch enqueues."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import Error
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from bridge.exceptions import HookRefused
from bridge.expiry import expiry
from bridge.hooks import Spec, filled
from bridge.ledger.away import is_away
from bridge.ledger.batches import count_down
from bridge.ledger.bulk import insert_all
from bridge.ledger.ending import Ending
from bridge.ledger.models import TaskRow

logger = logging.getLogger("bridge.ledger")
Draft = Callable[[Spec, list[Any], dict[str, Any]], TaskRow]
Dispatch = Callable[[Sequence[TaskRow]], None]


def bare(spec: Spec, args: list[Any], kwargs: dict[str, Any]) -> TaskRow:
    """Return the row of a hook whose task is not known here: what was kept of it, no more."""
    now = timezone.now()
    return TaskRow(
        task_path=spec["task"],
        args=args,
        kwargs=kwargs,
        backend=spec["backend"],
        transport=spec["transport"],
        queue_name=spec["queue_name"],
        priority=spec["priority"],
        run_after=run_after_of(spec, now),
        on_lost=spec["on_lost"],
        expires_at=expiry(expires_of(spec), now),
        hooks=spec.get("hooks"),
    )


def expires_of(spec: Spec) -> datetime | float | None:
    """Return what a hook has declared of its expiry."""
    value: str | float | None = spec.get("expires")
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def run_after_of(spec: Spec, now: datetime) -> datetime | None:
    """Return when a hook may start whose task ends now."""
    if "delay" in spec:
        return now + timedelta(seconds=spec["delay"])
    return datetime.fromisoformat(spec["run_after"]) if "run_after" in spec else None


def leave_alone(rows: Sequence[TaskRow]) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class FollowUps:
    """How follow-ups are made, and what happens once they are written.

    `draft` makes a row of a hook and its arguments, `dispatch` gets new rows after the
    transaction, `notify` says whether idle workers are told.
    """

    draft: Draft = bare
    dispatch: Dispatch = leave_alone
    notify: bool = True

    def of_hooks(self, ending: Ending) -> list[TaskRow]:
        """Return what the hooks of one task enqueue; nothing is written."""
        if ending.consequences is None or not ending.consequences.hooks:
            return []
        value = None if ending.value is None else json.loads(ending.value)
        return self._drafted(ending.consequences.hooks, str(ending.id), value)

    def of_batches(
        self, cursor: CursorWrapper, endings: Iterable[Ending], at: datetime
    ) -> list[TaskRow]:
        """Count tasks of batches as finished; return what those enqueue that are complete."""
        rows: list[TaskRow] = []
        for batch_id, specs in count_down(cursor, endings, at):
            for spec in specs:
                try:
                    rows += self.of_batch(batch_id, [spec])
                except HookRefused:
                    # The task that happened to be the last one cannot help it.
                    logger.exception("batch=%s %s is not enqueued", batch_id, spec["task"])
        return rows

    def of_batch(self, batch_id: UUID, specs: Iterable[Spec]) -> list[TaskRow]:
        """Return what a complete batch enqueues; nothing is written."""
        return self._drafted(specs, str(batch_id))

    def write(self, cursor: CursorWrapper, rows: Sequence[TaskRow]) -> list[TaskRow]:
        """Write rows; return those that are new. Raise HookRefused when the database refuses."""
        if not rows:
            return []
        with _refusal_explained():
            kept = insert_all(cursor, rows)
        return [row for row, other in zip(rows, kept, strict=True) if row is other]

    def _drafted(self, specs: Iterable[Spec], result_id: str, value: Any = None) -> list[TaskRow]:
        try:
            return [
                self.draft(spec, *filled(spec, result_id=result_id, return_value=value))
                for spec in specs
            ]
        except Exception as error:
            # Whatever is wrong with a hook, the worker and the tasks beside it are not.
            raise HookRefused(
                f"What the end of a task enqueues cannot be made: {error!r}."
            ) from error


@contextmanager
def _refusal_explained() -> Iterator[None]:
    try:
        yield
    except (Error, ValueError, TypeError) as error:
        if is_away(error):
            raise
        raise HookRefused(
            f"What the end of the task enqueues cannot be stored ({error}). Hand its hooks less, "
            "for example an id in the place of RETURN_VALUE."
        ) from error

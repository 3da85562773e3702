"""Hooks in the terms of backends: the rows of their tasks, and what carries these."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone

from bridge import registry
from bridge.hooks import Hook, Spec
from bridge.interface import task_backends, task_enqueued
from bridge.ledger.follow_ups import bare, expires_of, run_after_of
from bridge.listeners import is_heard
from bridge.restoring import restore

if TYPE_CHECKING:
    from bridge.backends.ledger import LedgerBackend
    from bridge.ledger.models import TaskRow

logger = logging.getLogger("bridge.hooks")


def draft(database: str, spec: Spec, args: list[Any], kwargs: dict[str, Any]) -> TaskRow:
    """Return the row of a hook, with the policies that its task has in this code.

    A task that is not in this code, or whose key function fails, has those of its declaration.
    """
    try:
        backend = _ledger_at(spec["backend"], database)
        task = restore(
            registry.resolve(backend.aliases.path(spec["task"])),
            backend=spec["backend"],
            queue_name=spec["queue_name"],
            priority=spec["priority"],
            run_after=run_after_of(spec, timezone.now()),
            expires=expires_of(spec),
            # They come with the spec, as the task was declared when it was enqueued.
            on_success=(),
            on_failure=(),
        )
        row = backend.draft(task, args, kwargs)
    except (Exception, SystemExit) as error:  # noqa: BLE001
        # The task must not be lost: what is wrong with it shows when it runs.
        logger.warning("path=%s is enqueued without its policies: %r", spec["task"], error)
        return bare(spec, args, kwargs)
    row.hooks = spec.get("hooks")
    return row


def dispatch(rows: Sequence[TaskRow]) -> None:
    """Announce new rows, and hand them to what carries them; nothing is raised.

    What a broker does not take now is sent later, by a relay.
    """
    for alias, group in groupby(sorted(rows, key=lambda row: row.backend), lambda row: row.backend):
        try:
            _dispatch(alias, list(group))
        except Exception:
            logger.exception("The tasks that follow others on %r are not announced", alias)


def misplaced(hooks: Sequence[Hook], database: str | None) -> list[Hook]:
    """Return the hooks whose tasks cannot be enqueued in a commit on this database.

    Without one: those whose backends keep no tasks in any database.
    """
    return [hook for hook in hooks if not _keeps_rows(hook.task.backend, database)]


def _dispatch(alias: str, rows: list[TaskRow]) -> None:
    backend: Any = task_backends[alias]
    if is_heard(task_enqueued, type(backend), logging.DEBUG):
        for row in rows:
            try:
                result = backend.result_of(row)
            except Exception as error:  # noqa: BLE001
                logger.warning("task=%s enqueued unannounced: %r", row.id, error)
            else:
                task_enqueued.send_robust(type(backend), task_result=result)
    backend.dispatch(rows)


def _keeps_rows(alias: str, database: str | None) -> bool:
    if alias not in task_backends.settings:
        return False
    backend: Any = task_backends[alias]
    if not getattr(backend, "transport", ""):
        return False
    return database is None or backend.database == database


def _ledger_at(alias: str, database: str) -> LedgerBackend:
    backend: Any = task_backends[alias]
    if not _keeps_rows(alias, database):
        raise LookupError(f"TASKS[{alias!r}] keeps no tasks in the database {database!r}.")
    return cast("LedgerBackend", backend)

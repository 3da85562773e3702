"""Cancel and requeue tasks of a backend that keeps them in the ledger, and tell who has to know."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from bridge.cancellation import Cancellation
from bridge.ledger.models import FAILED, READY, RUNNING, SUCCESSFUL
from bridge.recovery import announce_stored
from bridge.requeueing import Requeueing

if TYPE_CHECKING:
    from bridge.backends.ledger import LedgerBackend


def cancel(
    backend: LedgerBackend,
    result_ids: Iterable[str],
    *,
    statuses: Collection[str] = (READY, RUNNING),
    skip_locked: bool = False,
) -> dict[str, Cancellation]:
    """Cancel tasks, all in one commit; say what became of each that is known.

    With `skip_locked` leave out those that somebody else is writing at the moment.
    """
    control = backend.store.control
    answers = control.cancel(_uuids(result_ids), statuses=statuses, skip_locked=skip_locked)
    for row, answer in answers:
        if answer is Cancellation.DONE:
            transaction.on_commit(partial(announce_stored, backend, row), using=backend.database)
    return {str(row.id): answer for row, answer in answers}


def requeue(
    backend: LedgerBackend,
    result_ids: Iterable[str],
    *,
    statuses: Collection[str] = (FAILED, SUCCESSFUL),
    expires_at: datetime | None = None,
    skip_locked: bool = False,
) -> dict[str, Requeueing]:
    """Requeue finished tasks, all in one commit; say what became of each that is known."""
    control = backend.store.control
    with transaction.atomic(using=backend.database):
        answers = control.requeue(
            _uuids(result_ids), statuses=statuses, expires_at=expires_at, skip_locked=skip_locked
        )
        rows = [row for row, answer in answers if answer]
        if not backend.pooled:
            control.ring(row.queue_name for row in rows)
        if rows:
            backend.dispatch(rows)
    return {str(row.id): answer for row, answer in answers}


def _uuids(result_ids: Iterable[str]) -> list[UUID]:
    ids = []
    for result_id in result_ids:
        try:
            ids.append(UUID(str(result_id)))
        except ValueError:
            continue  # as unknown as any other that is not in the ledger
    return ids

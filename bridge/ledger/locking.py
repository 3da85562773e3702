"""Hold rows, so that no worker claims or ends them before the transaction does."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import connections
from django.db.models import F, QuerySet

from bridge.ledger.models import TaskRow


def locked(
    tasks: QuerySet[TaskRow], ids: Collection[UUID], *, skip_locked: bool = False
) -> list[TaskRow]:
    """Return rows as they stay until the end of the open transaction, in the order of their ids.

    Those that others hold are waited for, or left out with `skip_locked`: who holds several rows
    and waits for another may be waited for in turn.
    """
    rows = tasks.filter(id__in=ids)
    if not connections[tasks.db].features.has_select_for_update:
        # One writer at a time: to be the one, before anything is read.
        rows.update(token=F("token"))
    return list(rows.select_for_update(skip_locked=skip_locked).order_by("id"))

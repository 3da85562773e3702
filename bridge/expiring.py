"""Tasks whose time to start passes before a worker has them.

Their messages may say when it does, and be dropped by the library or its broker where no worker of
this code hears of it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from bridge.endings import end
from bridge.expiry import expired
from bridge.ledger.models import READY, TaskRow

if TYPE_CHECKING:
    from bridge.backends.carried import CarriedBackend

# Longer than clocks differ, or a worker needs to say by itself that it was too late.
PATIENCE = timedelta(seconds=5)
AT_ONCE = 200


def expire(backend: CarriedBackend) -> None:
    """Fail READY tasks that can start no more, up to 200."""
    late = backend.store.tasks.filter(
        transport=backend.transport, status=READY, expires_at__lt=timezone.now() - PATIENCE
    )
    for row in backend.rows(late)[:AT_ONCE]:
        too_late(backend, row)


def too_late(backend: CarriedBackend, row: TaskRow) -> None:
    """Fail a task of whose message a worker says that it has expired."""
    # It may be an old message of a task that was requeued since, and may start after all.
    if row.expires_at is not None and row.expires_at < timezone.now() + PATIENCE:
        end(backend, row, expired(row.expires_at))

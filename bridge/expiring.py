"""Tasks whose time to start passes before a worker has them.

Their messages may say when it does, and be dropped by the library or its broker where no worker of
this code hears of it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from bridge.endings import end
from bridge.expiry import expired
from bridge.ledger.models import READY, TaskRow

if TYPE_CHECKING:
    from bridge.backends.carried import CarriedBackend

# Longer than clocks differ, or a worker needs to say by itself that it was too late.
PATIENCE = timedelta(seconds=5)
# Longer than it takes until what a worker without a ledger has run is learnt from its results.
PATIENCE_WITH_OTHERS = timedelta(minutes=2)
AT_ONCE = 200


def expire(backend: CarriedBackend, *, sent: bool) -> None:
    """Fail READY tasks that can start no more, up to 200.

    With `sent` those as well that have a message: no result could say that they have run.
    """
    now = timezone.now()
    over = Q(published_at=None, expires_at__lt=now - PATIENCE)
    if sent:
        over |= Q(expires_at__lt=now - PATIENCE_WITH_OTHERS)
    late = backend.store.tasks.filter(over, transport=backend.transport, status=READY)
    for row in backend.rows(late)[:AT_ONCE]:
        too_late(backend, row)


def expire_unheard(backend: CarriedBackend, row: TaskRow) -> None:
    """Fail a READY task of which no result says anything, if it can start no more."""
    if row.expires_at is not None and row.expires_at < timezone.now() - PATIENCE_WITH_OTHERS:
        too_late(backend, row)


def too_late(backend: CarriedBackend, row: TaskRow) -> None:
    """Fail a task of whose message a worker says that it has expired."""
    # It may be an old message of a task that was requeued since, and may start after all.
    if row.expires_at is not None and row.expires_at < timezone.now() + PATIENCE:
        end(backend, row, expired(row.expires_at))

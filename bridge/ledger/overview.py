"""How many tasks each queue has."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from bridge.ledger.models import READY, RUNNING, TaskRow


@dataclass(slots=True)
class QueueCounts:
    """Tasks that are ready, that wait for their time or for a limit, and that run."""

    ready: int = 0
    deferred: int = 0
    limited: int = 0
    running: int = 0


# What each index is about, so that finished rows are not read.
_KINDS = {
    "ready": Q(status=READY, wake_at=None, lane=None),
    "deferred": Q(status=READY, wake_at__isnull=False),
    "limited": Q(status=READY, wake_at=None, lane__isnull=False),
    "running": Q(status=RUNNING),
}


def count_by_queue(rows: QuerySet[TaskRow], transport: str) -> dict[str, QueueCounts]:
    """Return the counts of every queue that has any, in four queries."""
    counts: dict[str, QueueCounts] = defaultdict(QueueCounts)
    for kind, condition in _KINDS.items():
        found = rows.filter(condition, transport=transport).values_list("queue_name")
        for queue, number in found.annotate(Count("id")):
            setattr(counts[queue], kind, number)
    return dict(counts)

"""Who is alive: one row and one heartbeat per worker, timed by the database's clock."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from bridge.ledger.models import RUNNING, TaskRow, WorkerRow


class Leases:
    """The leases of the workers of one ledger. `seconds` is how long a heartbeat lasts."""

    def __init__(self, using: str, seconds: float) -> None:
        self.using = using
        self.seconds = seconds

    @property
    def _workers(self) -> QuerySet[WorkerRow]:
        return WorkerRow.objects.using(self.using)

    def renew(self, worker: str, transport: str) -> None:
        """Prolong a worker's lease, or open one."""
        expires_at = Now() + timedelta(seconds=self.seconds)
        if not self._workers.filter(id=worker).update(expires_at=expires_at):
            self._workers.create(
                id=worker, transport=transport, started_at=timezone.now(), expires_at=expires_at
            )

    def end(self, worker: str) -> None:
        """Close the lease of a worker that holds nothing any more."""
        self._workers.filter(id=worker).delete()

    def abandoned(self) -> list[TaskRow]:
        """Return the RUNNING rows whose worker has no lease left."""
        alive = self._workers.filter(id=OuterRef("worker"), expires_at__gte=Now())
        return list(TaskRow.objects.using(self.using).filter(~Exists(alive), status=RUNNING))

    def forget_expired(self) -> None:
        """Remove expired workers that hold nothing."""
        held = TaskRow.objects.using(self.using).filter(worker=OuterRef("id"), status=RUNNING)
        self._workers.filter(~Exists(held), expires_at__lt=Now()).delete()

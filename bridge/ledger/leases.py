"""Who is alive: one row and one heartbeat per worker, timed by the database's clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from bridge.ledger.models import RUNNING, TaskRow, WorkerRow


class Clock(Now):
    """The database's clock, on MySQL in UTC: Now() is local time there, and jumps twice a year."""

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the SQL."""
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **context)


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
        expires_at = Clock() + timedelta(seconds=self.seconds)
        if not self._workers.filter(id=worker).update(expires_at=expires_at):
            self._workers.create(
                id=worker, transport=transport, started_at=timezone.now(), expires_at=expires_at
            )

    def end(self, worker: str) -> None:
        """Close the lease of a worker that holds nothing any more."""
        self._workers.filter(id=worker).delete()

    def anyone(self, transport: str) -> bool:
        """Say whether a worker of a transport is alive."""
        return self._workers.filter(transport=transport, expires_at__gte=Clock()).exists()

    def abandoned(self) -> list[TaskRow]:
        """Return the RUNNING rows whose worker has no lease left."""
        alive = self._workers.filter(id=OuterRef("worker"), expires_at__gte=Clock())
        return list(TaskRow.objects.using(self.using).filter(~Exists(alive), status=RUNNING))

    def forget_expired(self) -> None:
        """Remove expired workers that hold nothing."""
        held = TaskRow.objects.using(self.using).filter(worker=OuterRef("id"), status=RUNNING)
        expired = self._workers.filter(expires_at__lt=Clock())
        # Read first: a DELETE with a subquery would lock the tasks of others on MySQL.
        ids = list(expired.filter(~Exists(held)).values_list("id", flat=True))
        if ids:
            expired.filter(id__in=ids).delete()

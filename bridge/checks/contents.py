"""What a ledger holds: tasks that wait in vain, and too many that have run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.core.checks import CheckMessage
from django.db.models import Count, DateTimeField, Min, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from bridge import registry
from bridge.backends.ledger import LedgerBackend
from bridge.checks.kinds import (
    BACKLOG,
    MANY_FINISHED,
    NEVER_HEARD_OF,
    NOBODY_WORKS,
    PAUSED,
    UNDECLARED_QUEUE,
    UNKNOWN_TASK,
)
from bridge.exceptions import TaskNotFound
from bridge.ledger.leases import Clock
from bridge.ledger.models import READY, PauseRow, TaskRow, WorkerRow

PATIENCE = timedelta(minutes=5)
"""Tasks may wait so long while workers are replaced, with a new release for example."""
LONG = timedelta(hours=1)
MANY = 1_000_000


class Contents:
    """The tasks of one transport in one database, and the backends that own them."""

    def __init__(self, backends: Sequence[LedgerBackend]) -> None:
        self.backends = backends
        self.database = backends[0].database
        self.transport = backends[0].transport

    def check(self) -> Iterator[CheckMessage]:
        """Yield a warning for each kind of task that waits in vain."""
        alive = WorkerRow.objects.using(self.database).filter(
            transport=self.transport, expires_at__gte=Clock()
        )
        workers = alive.count()
        if not workers:
            yield from self._check_worked()
        elif self.transport == "db":
            yield from self._check_backlog(workers)
        if self.transport == "db":
            yield from self._check_pauses()
            yield from self._check_declared()
        else:
            yield from self._check_sent()
        yield from self._check_known()

    def _waiting(self, longer_than: timedelta) -> QuerySet[TaskRow]:
        """Return what could have started so long ago; of a broker's, what it has not taken."""
        rows = self._ready.annotate(
            since=Coalesce("run_after", "enqueued_at", output_field=DateTimeField())
        ).filter(since__lt=Clock() - longer_than)
        return rows if self.transport == "db" else rows.filter(published_at=None)

    @property
    def _ready(self) -> QuerySet[TaskRow]:
        return TaskRow.objects.using(self.database).filter(transport=self.transport, status=READY)

    @property
    def _pauses(self) -> QuerySet[PauseRow]:
        return PauseRow.objects.using(self.database).filter(transport=self.transport)

    def _check_worked(self) -> Iterator[CheckMessage]:
        facts = self._waiting(PATIENCE).aggregate(count=Count("id"), oldest=Min("since"))
        if facts["count"]:
            yield NOBODY_WORKS(
                f"No worker is alive, and {self._place} has {_waiting(facts['count'])}, the "
                f"oldest since {_shown(facts['oldest'])}."
            )

    def _check_backlog(self, workers: int) -> Iterator[CheckMessage]:
        # What has a lane may wait for its limits, and what is paused waits for somebody.
        paused = self._pauses.values_list("queue_name", flat=True)
        waiting = self._waiting(LONG).filter(lane=None).exclude(queue_name__in=list(paused))
        queues = waiting.values("queue_name").annotate(count=Count("id"), oldest=Min("since"))
        for facts in queues.order_by("queue_name"):
            yield BACKLOG(
                f"Queue {facts['queue_name']!r} of {self._place} has {_waiting(facts['count'])} "
                f"for over an hour, the oldest since {_shown(facts['oldest'])}. Workers that are "
                f"alive: {workers}."
            )

    def _check_sent(self) -> Iterator[CheckMessage]:
        sent = self._ready.annotate(
            since=Coalesce("run_after", "published_at", output_field=DateTimeField())
        ).filter(since__lt=Clock() - LONG, published_at__lt=Clock() - LONG)
        facts = sent.aggregate(count=Count("id"), oldest=Min("since"))
        if facts["count"]:
            yield NEVER_HEARD_OF(
                f"In {self._place} there are {_waiting(facts['count'])} whose message was sent "
                f"over an hour ago, the oldest at {_shown(facts['oldest'])}."
            )

    def _check_pauses(self) -> Iterator[CheckMessage]:
        for pause in self._pauses.filter(paused_at__lt=Clock() - LONG).order_by("queue_name"):
            count = self._ready.filter(queue_name=pause.queue_name).count()
            if count:
                yield PAUSED(
                    f"Queue {pause.queue_name!r} of {self._place} is paused since "
                    f"{_shown(pause.paused_at)}, and has {_waiting(count)}."
                )

    def _check_declared(self) -> Iterator[CheckMessage]:
        declared = [backend.queues for backend in self.backends]
        if not all(declared):
            return  # [] is any name
        strange = self._ready.exclude(queue_name__in=set().union(*declared))
        queues = strange.values("queue_name").annotate(count=Count("id"))
        for facts in queues.order_by("queue_name"):
            yield UNDECLARED_QUEUE(
                f"Queue {facts['queue_name']!r} of {self._place} is in no QUEUES, and has "
                f"{_waiting(facts['count'])}."
            )

    def _check_known(self) -> Iterator[CheckMessage]:
        paths = self._ready.values("task_path").annotate(count=Count("id")).order_by("task_path")
        for facts in paths:
            if not any(_resolves(backend, facts["task_path"]) for backend in self.backends):
                yield UNKNOWN_TASK(
                    f"{facts['task_path']!r} cannot be imported, and {self._place} has "
                    f"{_waiting(facts['count'])} of it.",
                    obj=facts["task_path"],
                )

    @property
    def _place(self) -> str:
        names = ", ".join(f"TASKS[{backend.alias!r}]" for backend in self.backends)
        return f"the ledger of {names}"


def check_finished(backends: Sequence[LedgerBackend]) -> Iterator[CheckMessage]:
    """Yield a warning when a database keeps very many finished tasks, and nobody said how long."""
    if any(backend.retention.by_state() for backend in backends):
        return
    database = backends[0].database
    finished = TaskRow.objects.using(database).filter(finished_at__isnull=False)
    if finished.order_by("finished_at").values_list("id")[MANY : MANY + 1]:
        yield MANY_FINISHED(f"The ledger in {database!r} has more than {MANY} finished tasks.")


def _resolves(backend: LedgerBackend, path: str) -> bool:
    try:
        registry.resolve(backend.aliases.path(path))
    except TaskNotFound:
        return False
    return True


def _waiting(count: int) -> str:
    return f"{count} waiting task{'' if count == 1 else 's'}"


def _shown(at: datetime) -> str:
    return f"{timezone.localtime(at) if timezone.is_aware(at) else at:%Y-%m-%d %H:%M}"

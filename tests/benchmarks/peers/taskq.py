"""django-taskq."""

from __future__ import annotations

from datetime import timedelta

from .base import Peer, manage


class Taskq(Peer):
    """One process per task at a time. It deletes what it has run."""

    name = "django-taskq"
    needs = ("django_taskq",)
    kinds = ("postgresql", "sqlite")
    apps = ("django_taskq",)
    table = "taskq_task"
    unfinished = (
        "SELECT count(*) FROM taskq_task "
        "WHERE queue = 'default' AND NOT failed AND execute_at <= CURRENT_TIMESTAMP"
    )

    def commands(self, concurrency: int) -> list[list[str]]:
        return [manage("taskq", "-Q", "default", "-l", "ERROR")] * concurrency

    def nothing(self, number: int) -> None:
        from ..jobs.taskq import nothing

        nothing.delay(number)

    def mark(self, label: str) -> None:
        from ..jobs.taskq import mark

        mark.delay(label)

    def defer(self) -> None:
        from django.utils import timezone

        from ..jobs.taskq import nothing

        nothing.apply_async(args=(0,), eta=timezone.now() + timedelta(days=1))

    def park(self) -> None:
        from ..jobs.taskq import nothing

        nothing.apply_async(args=(0,), queue="parked")

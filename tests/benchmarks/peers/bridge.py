"""Ours."""

from __future__ import annotations

from .base import manage
from .standard import Standard, backend


class Bridge(Standard):
    """bridge.DatabaseBackend, with a child process for each task at a time."""

    name = "bridge"
    kinds = ("postgresql", "sqlite", "mysql")
    apps = ("bridge",)
    settings = {"TASKS": backend("bridge.DatabaseBackend")}
    table = "bridge_task"
    bulk = True
    unfinished = (
        "SELECT count(*) FROM bridge_task "
        "WHERE queue_name = 'default' AND status IN ('READY', 'RUNNING') AND run_after IS NULL"
    )

    def commands(self, concurrency: int) -> list[list[str]]:
        return [manage("db_worker", "--queue", "default", "--processes", str(concurrency))]

    def many(self, count: int) -> None:
        from ..jobs.standard import nothing

        list(nothing.enqueue_many((number,) for number in range(count)))

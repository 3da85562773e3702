"""django-tasks-db, the reference backend of the people who wrote DEP 0014."""

from __future__ import annotations

from .base import manage
from .standard import Standard, backend


class TasksDB(Standard):
    """One process per task at a time: its worker has no other way."""

    name = "django-tasks-db"
    needs = ("django_tasks_db",)
    kinds = ("postgresql", "sqlite", "mysql")
    apps = ("django_tasks_db",)
    settings = {"TASKS": backend("django_tasks_db.DatabaseBackend")}
    table = "django_tasks_database_dbtaskresult"
    unfinished = (
        "SELECT count(*) FROM django_tasks_database_dbtaskresult "
        "WHERE queue_name = 'default' AND status IN ('READY', 'RUNNING') "
        "AND run_after > '9000-01-01'"
    )

    def commands(self, concurrency: int) -> list[list[str]]:
        return [manage("db_worker", "--no-startup-delay", "-v", "0")] * concurrency

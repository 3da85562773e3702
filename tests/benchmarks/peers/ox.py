"""django-ox."""

from __future__ import annotations

from .base import manage
from .standard import Standard, backend


class Ox(Standard):
    """Processes, not threads: the faster of its two ways."""

    name = "django-ox"
    needs = ("django_ox",)
    kinds = ("postgresql", "sqlite", "mysql")
    apps = ("django_ox",)
    settings = {"TASKS": backend("django_ox.backend.OxBackend")}
    table = "django_ox_oxtask"
    bulk = True
    unfinished = (
        "SELECT count(*) FROM django_ox_oxtask "
        "WHERE queue_name = 'default' AND status IN ('READY', 'RUNNING') AND run_after IS NULL"
    )

    def commands(self, concurrency: int) -> list[list[str]]:
        return [manage("ox_worker", "--queues", "default", "--processes", str(concurrency))]

    def many(self, count: int) -> None:
        from django_ox.bulk import enqueue_many

        from ..jobs.standard import nothing

        enqueue_many(nothing, [((number,), {}) for number in range(count)])

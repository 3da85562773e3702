"""Django-Q2 with its ORM broker."""

from __future__ import annotations

import os

from .base import Peer, manage


class DjangoQ2(Peer):
    """Keep every result, as the others do: its limit of 250 costs a locked count per task."""

    name = "django-q2"
    needs = ("django_q",)
    kinds = ("postgresql", "sqlite")
    apps = ("django_q",)
    table = "django_q_ormq"
    unfinished = "SELECT count(*) FROM django_q_ormq"

    @property
    def settings(self) -> dict[str, object]:
        cluster = {
            "name": "bench",
            "orm": "default",
            "workers": int(os.environ.get("BENCH_CONCURRENCY", "1")),
            "save_limit": 0,
            "timeout": 60,
            "retry": 120,
            "log_level": "WARNING",
        }
        return {"Q_CLUSTER": cluster}

    def commands(self, concurrency: int) -> list[list[str]]:
        return [["env", f"BENCH_CONCURRENCY={concurrency}", *manage("qcluster")]]

    def nothing(self, number: int) -> None:
        from django_q.tasks import async_task

        async_task("tests.benchmarks.jobs.bodies.nothing", number)

    def mark(self, label: str) -> None:
        from django_q.tasks import async_task

        async_task("tests.benchmarks.jobs.bodies.mark", label)

"""Celery on Redis, acknowledging early, without results: its fastest way."""

from __future__ import annotations

import sys

from .broker import Broker


class Celery(Broker):
    """The prefork pool."""

    name = "celery-redis"
    needs = ("celery", "redis")
    redis = True
    jobs = "tests.benchmarks.jobs.celery"
    call = "delay"

    def commands(self, concurrency: int) -> list[list[str]]:
        app = ["-A", "tests.benchmarks.jobs.celery"]
        options = ["--pool", "prefork", "-c", str(concurrency), "-l", "WARNING"]
        return [[sys.executable, "-m", "celery", *app, "worker", *options]]

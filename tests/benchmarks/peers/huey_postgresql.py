"""Huey on PostgreSQL. It deletes a task when it takes it: at most once, and no result."""

from __future__ import annotations

from .huey_redis import HueyRedis


class HueyPostgreSQL(HueyRedis):
    """The same consumer on another storage."""

    name = "huey-postgresql"
    needs = ("huey", "psycopg")
    redis = False
    jobs = "tests.benchmarks.jobs.huey_postgresql"

"""Huey on Redis."""

from __future__ import annotations

import sys

from .broker import Broker


class HueyRedis(Broker):
    """Its consumer with threads, the default."""

    name = "huey-redis"
    needs = ("huey", "redis")
    redis = True
    jobs = "tests.benchmarks.jobs.huey_redis"

    def commands(self, concurrency: int) -> list[list[str]]:
        consumer = [sys.executable, "-m", "huey.bin.huey_consumer", f"{self.jobs}.huey"]
        return [[*consumer, "-w", str(concurrency), "-k", "thread", "-q"]]

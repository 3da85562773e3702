"""Ours on Celery: the same broker and the same worker as Celery's own tasks, without results."""

from __future__ import annotations

import sys

from .standard import Standard

LIBRARY = "tests.benchmarks.jobs.celery"


class Bridged(Standard):
    """bridge.CeleryBackend. Only the scenario of that name measures it."""

    needs = ("celery", "redis")
    kinds = ()
    redis = True
    apps = ("bridge",)

    def __init__(self, keeper: str, database: str) -> None:
        self.name = f"bridged-{keeper}" if keeper == "native" else f"bridged-{keeper}-{database}"
        self.database = database
        self.table = "" if keeper == "native" else "bridge_task"
        # Acknowledged early, as the messages of the other peer on Celery.
        options = {"APP": f"{LIBRARY}.app", "RESULTS": keeper, "ON_LOST": "fail"}
        entry = {"BACKEND": "bridge.CeleryBackend", "QUEUES": [], "OPTIONS": options}
        self.settings = {"TASKS": {"default": entry}}

    def commands(self, concurrency: int) -> list[list[str]]:
        options = ["--pool", "prefork", "-c", str(concurrency), "-l", "WARNING"]
        include = ["-I", "tests.benchmarks.jobs.standard"]
        return [[sys.executable, "-m", "celery", "-A", LIBRARY, "worker", *options, *include]]

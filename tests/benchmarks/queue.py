"""Seconds per task of the database queue on SQLite, beside Django's own immediate backend."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TASKS = 1000


def measure(folder: Path) -> Iterator[tuple[str, float]]:
    """Yield (what, seconds per task); the first is the one to compare with."""
    os.environ["BENCHMARK_DB"] = str(folder / "queue.sqlite3")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
    import django
    from django.core.management import call_command
    from django.db import transaction

    django.setup()
    call_command("migrate", verbosity=0)
    from .tasks import nothing

    with quiet():
        immediate = nothing.using(backend="immediate")
        yield "ImmediateBackend of Django: enqueue, which runs it", per_task(immediate.enqueue)
        idle = drain()
        yield "DatabaseBackend: enqueue", per_task(nothing.enqueue)
        yield "DatabaseBackend: db_worker --batch, one process", (drain() - idle) / TASKS
        with transaction.atomic():
            each = per_task(nothing.enqueue)
        yield "DatabaseBackend: enqueue, all in one transaction", each
        yield "DatabaseBackend: db_worker --batch --processes 2", (drain(2) - idle) / TASKS
    check()


def per_task(enqueue: Callable[[int], object]) -> float:
    """Return the seconds that one of many calls takes."""
    start = time.perf_counter()
    for number in range(TASKS):
        enqueue(number)
    return (time.perf_counter() - start) / TASKS


def drain(processes: int = 1) -> float:
    """Return the seconds a worker needs to start, empty the queue and stop."""
    command = [sys.executable, "-m", "django", "db_worker", "--batch", "--verbosity", "0"]
    start = time.perf_counter()
    subprocess.run([*command, "--processes", str(processes)], check=True)
    return time.perf_counter() - start


def check() -> None:
    """Raise SystemExit unless every task ran: a rate of tasks that failed means nothing."""
    from bridge.interface import TaskResultStatus
    from bridge.models import TaskRow

    done = TaskRow.objects.filter(status=TaskResultStatus.SUCCESSFUL).count()
    if done != 2 * TASKS:
        raise SystemExit(f"{done} of {2 * TASKS} tasks were run; these rates mean nothing.")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the log lines of each task from being part of what is measured."""
    import logging

    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)

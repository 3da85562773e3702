"""manage.py db_worker"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bridge.backends.database import DatabaseBackend
from bridge.interface import DEFAULT_TASK_BACKEND_ALIAS, InvalidTaskBackend, task_backends
from bridge.worker.options import WorkerOptions
from bridge.worker.supervisor import Supervisor


def positive_int(text: str) -> int:
    """Parse a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def positive_seconds(text: str) -> float:
    """Parse a duration in seconds above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text}")
    return value


class Command(BaseCommand):
    """Run the tasks of bridge.DatabaseBackend.

    Exit codes: 0 after a signal or a finished batch, 1 for wrong options or when child processes
    keep dying, 2 for a wrong command line.
    """

    help = "Run the tasks of bridge.DatabaseBackend until SIGTERM or SIGINT."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--backend",
            default=DEFAULT_TASK_BACKEND_ALIAS,
            help="alias in TASKS whose ledger to serve (default: %(default)s)",
        )
        parser.add_argument(
            "--queue",
            action="append",
            default=[],
            metavar="NAME",
            help="serve only this queue; repeat it, or separate names by commas (default: all)",
        )
        parser.add_argument(
            "--processes", type=positive_int, default=1, help="child processes (default: 1)"
        )
        parser.add_argument(
            "--concurrency",
            type=positive_int,
            default=1,
            help="tasks at a time in each process, in threads above 1 (default: 1)",
        )
        parser.add_argument(
            "--interval",
            type=positive_seconds,
            default=1.0,
            help="seconds between looks at an empty queue (default: 1)",
        )
        parser.add_argument(
            "--grace",
            type=positive_seconds,
            default=30.0,
            help="seconds running tasks get to finish after a stop signal (default: 30)",
        )
        parser.add_argument(
            "--batch", action="store_true", help="stop once nothing is ready to run"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the options and supervise."""
        queues = tuple(name for text in options["queue"] for name in text.split(",") if name)
        _check(options["backend"], queues)
        worker = Supervisor(
            WorkerOptions(
                backend=options["backend"],
                queues=queues,
                processes=options["processes"],
                concurrency=options["concurrency"],
                interval=options["interval"],
                grace=options["grace"],
                batch=options["batch"],
            )
        )
        if options["verbosity"]:
            self.stderr.write(
                f"db_worker {worker.worker} serves {', '.join(queues) or 'all queues'} with "
                f"{options['processes']} x {options['concurrency']}; Ctrl+C stops it."
            )
        code = worker.run()
        if code:
            sys.exit(code)


def _check(alias: str, queues: tuple[str, ...]) -> None:
    try:
        backend = task_backends[alias]
    except InvalidTaskBackend as error:
        raise CommandError(f"TASKS has no backend {alias!r}: {error}") from error
    if not isinstance(backend, DatabaseBackend):
        raise CommandError(
            f"TASKS[{alias!r}] is {type(backend).__name__}; db_worker serves "
            "bridge.DatabaseBackend. Choose another alias with --backend."
        )
    unknown = sorted(set(queues) - backend.queues) if backend.queues else []
    if unknown:
        raise CommandError(
            f"Queue {unknown[0]!r} is not in QUEUES of TASKS[{alias!r}], which has "
            f"{', '.join(sorted(backend.queues))}."
        )

"""manage.py db_worker"""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bridge.backends.database import DatabaseBackend
from bridge.interface import InvalidTaskBackend, task_backends
from bridge.management.arguments import EPILOG, Formatter, add_arguments
from bridge.worker.banner import banner, paused_queues
from bridge.worker.memory import resident_mib
from bridge.worker.options import WorkerOptions
from bridge.worker.queues import Queues, choose_queues
from bridge.worker.reload import Watcher, is_watched
from bridge.worker.supervisor import Supervisor
from bridge.worker.tables import find_fault


class Command(BaseCommand):
    """Run the tasks of bridge.DatabaseBackend; the exit codes are in the help."""

    help = "Run the tasks of bridge.DatabaseBackend until SIGTERM or SIGINT."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add the exit codes to the help."""
        return super().create_parser(
            prog_name, subcommand, epilog=EPILOG, formatter_class=Formatter, **kwargs
        )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the options, then watch or work."""
        backend = _backend(options["backend"])
        try:
            queues = choose_queues(backend, options["queue"], options["exclude_queue"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        asked = self._options(options, queues)
        _log_to_stderr(options["verbosity"])
        if asked.reload and not is_watched():
            code = Watcher().run()
        else:
            code = self._work(backend, asked, queues, quiet=not options["verbosity"])
        if code:
            sys.exit(code)

    def _work(
        self, backend: DatabaseBackend, options: WorkerOptions, queues: Queues, *, quiet: bool
    ) -> int:
        if fault := find_fault(backend.database):
            raise CommandError(fault)
        supervisor = Supervisor(options)
        if not quiet:
            paused = paused_queues(backend)
            self.stderr.write(banner(supervisor.worker, backend, options, queues, paused))
        return supervisor.run()

    def _options(self, options: dict[str, Any], queues: Queues) -> WorkerOptions:
        if options["batch"] and options["reload"]:
            raise CommandError("--batch ends by itself: leave out --reload.")
        max_rss = options["max_rss"]
        if max_rss is not None and max_rss <= (now := resident_mib()):
            raise CommandError(
                f"--max-rss {max_rss:g}: this process has {now:.0f} MiB before its first task. "
                "Allow more."
            )
        reload = options["reload"]
        if reload is None:
            # A call_command() has no command line of its own to start again.
            from_command_line = getattr(self, "_called_from_command_line", False)
            reload = settings.DEBUG and from_command_line and not options["batch"]
        return WorkerOptions(
            queues=queues.names,
            weights=queues.weights,
            exclude=queues.exclude,
            reload=reload,
            max_rss=max_rss,
            **{
                name: options[name]
                for name in (
                    "backend",
                    "processes",
                    "concurrency",
                    "interval",
                    "grace",
                    "max_tasks",
                    "batch",
                )
            },
        )


def _backend(alias: str) -> DatabaseBackend:
    try:
        backend = task_backends[alias]
    except InvalidTaskBackend as error:
        raise CommandError(f"TASKS has no backend {alias!r}: {error}") from error
    if not isinstance(backend, DatabaseBackend):
        raise CommandError(
            f"TASKS[{alias!r}] is {type(backend).__name__}; db_worker serves "
            "bridge.DatabaseBackend. Choose another alias with --backend."
        )
    return backend


def _log_to_stderr(verbosity: int) -> None:
    """Show what the worker logs in a project that has no LOGGING of its own."""
    ours = logging.getLogger("bridge")
    if ours.hasHandlers():
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    ours.addHandler(handler)
    ours.setLevel([logging.WARNING, logging.INFO, logging.INFO, logging.DEBUG][verbosity])

"""manage.py send_tasks"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bridge.backends.carried import CarriedBackend
from bridge.management.arguments import Formatter
from bridge.management.interrupt import INTERRUPTED, ending
from bridge.management.meant import EVERY, ledger_backends
from bridge.relay import waiting

EPILOG = """\
exit codes:
  0    done, also when there was nothing to do
  1    wrong settings, or some could not be sent
  2    wrong command line
  130  interrupted: what was sent by then is sent, and is said
"""


class Command(BaseCommand):
    """Do by hand what a worker of this code does for the tasks in no queue."""

    help = (
        "Send the tasks that are in the ledger and in no queue: a broker refused them, or they are "
        "due so late that they wait. Workers of this code do it by themselves; where none is left, "
        "as before going back to the old code, do it with this."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add the exit codes to the help."""
        return super().create_parser(
            prog_name, subcommand, epilog=EPILOG, formatter_class=Formatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--backend",
            default=EVERY,
            metavar="ALIAS",
            help="alias in TASKS (default: all whose tasks are in another library's queue)",
        )
        parser.add_argument(
            "--all",
            action="store_true",
            dest="held",
            help="those as well that are due much later, and would leave when they are due soon",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="send nothing; say how many there are"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, or say how many would be sent."""
        left = 0
        for backend in _carried(options["backend"]):
            if not options["dry_run"]:
                self._send(backend, held=options["held"])
            left += self._tell_left(backend, held=options["held"])
        if left and not options["dry_run"]:
            raise CommandError(f"{left} task(s) could not be sent; the log says why.")

    def _send(self, backend: CarriedBackend, *, held: bool) -> None:
        sent = 0
        try:
            while some := backend.relay(held=held):
                sent += some
        except KeyboardInterrupt as error:
            self.stdout.write(
                f"{backend.alias}: sent {sent} task(s). It was interrupted{ending(error)}."
            )
            sys.exit(INTERRUPTED)
        self.stdout.write(f"{backend.alias}: sent {sent} task(s).")

    def _tell_left(self, backend: CarriedBackend, *, held: bool) -> int:
        left = waiting(backend, held=held).count()
        later = waiting(backend, held=True).count() - left
        if left or later:
            self.stdout.write(f"{backend.alias}: {left} wait, and {later} are due much later.")
        return left


def _carried(alias: str) -> list[CarriedBackend]:
    backends = ledger_backends(alias)
    carried = [backend for backend in backends if isinstance(backend, CarriedBackend)]
    if not carried and alias != EVERY:
        raise CommandError(
            f"TASKS[{alias!r}] sends no messages: its tasks are in the ledger, where its workers "
            "find them. Name a backend on Celery or Huey, or leave --backend out."
        )
    return carried

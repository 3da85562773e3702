"""manage.py task_queues"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bridge.backends.ledger import LedgerBackend
from bridge.interface import DEFAULT_TASK_BACKEND_ALIAS
from bridge.ledger.overview import QueueCounts, count_by_queue
from bridge.management.meant import ledger_backends
from bridge.pauses import pause_queue, resume_queue

HEAD = ("QUEUE", "READY", "RUNNING", "DEFERRED", "LIMITED", "STATE")


class Command(BaseCommand):
    """Show, pause and resume queues."""

    help = (
        "Show how many tasks each queue has, pause queues, and resume them. Workers start nothing "
        "from a paused queue; what runs goes on, and tasks can be enqueued."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "action", nargs="?", choices=("list", "pause", "resume"), default="list"
        )
        parser.add_argument("queues", nargs="*", metavar="QUEUE", help="to pause, or to resume")
        parser.add_argument(
            "--backend",
            default=DEFAULT_TASK_BACKEND_ALIAS,
            metavar="ALIAS",
            help="alias in TASKS, for the list also '*' (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked for."""
        alias, queues = options["backend"], options["queues"]
        if options["action"] == "list":
            self._list(ledger_backends(alias), queues)
        elif not queues:
            raise CommandError(f"Which queues? task_queues {options['action']} QUEUE [QUEUE ...]")
        else:
            self._switch(options["action"], alias, queues)

    def _switch(self, action: str, alias: str, queues: Iterable[str]) -> None:
        verb, done = (pause_queue, "paused") if action == "pause" else (resume_queue, "resumed")
        ledger_backends(alias)
        for queue in queues:
            try:
                changed = verb(queue, backend=alias)
            except (ValueError, NotImplementedError) as error:
                raise CommandError(str(error)) from error
            state = done if changed else "paused already" if action == "pause" else "not paused"
            self.stdout.write(f"{queue}: {state}")

    def _list(self, backends: Iterable[LedgerBackend], queues: Sequence[str]) -> None:
        for backend in backends:
            counts = count_by_queue(backend.store.tasks, backend.transport)
            paused = set(backend.store.control.paused(backend.transport))
            names = sorted(backend.queues | counts.keys() | paused)
            lines = [
                _line(name, counts.get(name, QueueCounts()), is_paused=name in paused)
                for name in names
                if not queues or name in queues
            ]
            self.stdout.write(f"{backend.alias} ({backend.transport}, {backend.database})")
            widths = [max(map(len, column)) for column in zip(HEAD, *lines, strict=True)]
            for line in (HEAD, *lines):
                self.stdout.write(_aligned(line, widths))


def _line(name: str, counts: QueueCounts, *, is_paused: bool) -> tuple[str, ...]:
    numbers = (counts.ready, counts.running, counts.deferred, counts.limited)
    return name, *map(str, numbers), "paused" if is_paused else ""


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers, state = line
    first, *others = widths
    middle = "  ".join(f"{number:>{width}}" for number, width in zip(numbers, others, strict=False))
    return f"  {name:<{first}}  {middle}  {state}".rstrip()

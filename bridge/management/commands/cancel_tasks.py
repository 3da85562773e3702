"""manage.py cancel_tasks"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import CommandParser

from bridge.backends.ledger import LedgerBackend
from bridge.cancellation import Cancellation
from bridge.ledger.models import READY, RUNNING
from bridge.management.meant import add_arguments, meant
from bridge.management.sweep import Answers, Sweep

STATUSES = (READY, RUNNING)


class Command(Sweep):
    """Cancel many tasks; the exit codes are in the help."""

    help = (
        "Cancel tasks: those that wait fail at once and never start, those that run are asked to "
        "stop. It goes page by page, each in a commit of its own."
    )
    verb = "cancel"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_arguments(parser, statuses=STATUSES, default="both", event="enqueued")

    def handle(self, *args: Any, **options: Any) -> None:
        """Cancel, or say what would be."""
        which = meant(options, default=STATUSES, time="enqueued_at")
        self.statuses = tuple(which.statuses)
        self.sweep(which, options)

    def act(self, backend: LedgerBackend, ids: list[str], *, skip_locked: bool) -> Answers:
        """Cancel a page of tasks, but none that has started where only waiting ones are meant."""
        return dict(backend.cancel_many(ids, statuses=self.statuses, skip_locked=skip_locked))

    def tell(self, answers: Counter[Any], *, end: str) -> None:
        """Say what became of the tasks."""
        text = f"Cancelled {answers[Cancellation.DONE]} task(s)."
        if number := answers[Cancellation.REQUESTED]:
            text += f" {number} that run were asked to stop."
        if number := answers[Cancellation.TOO_LATE]:
            text += f" {number} had started or finished meanwhile."
        self.stdout.write(text + end)

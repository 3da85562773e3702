"""manage.py requeue_tasks"""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from bridge.backends.ledger import LedgerBackend
from bridge.durations import duration
from bridge.ledger.models import FAILED, SUCCESSFUL
from bridge.management.meant import add_arguments, meant
from bridge.management.sweep import Answers, Sweep
from bridge.requeueing import Requeueing


class Command(Sweep):
    """Run finished tasks again; the exit codes are in the help."""

    help = (
        "Let finished tasks run again, as if they never had: with all their attempts, and with "
        "the errors so far. It goes page by page, each in a commit of its own."
    )
    verb = "requeue"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_arguments(parser, statuses=(FAILED, SUCCESSFUL), default=FAILED, event="finished")
        parser.add_argument(
            "--expires",
            type=_duration,
            metavar="DURATION",
            help="let them expire when they have not started so soon, as in 2h (default: deadlines "
            "to come stay, those that have passed go)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Requeue, or say what would be."""
        which = meant(options, default=(FAILED,), time="finished_at")
        self.statuses = tuple(which.statuses)
        self.expires_at = _expiry(options["expires"])
        self.sweep(which, options)

    def act(self, backend: LedgerBackend, ids: list[str], *, skip_locked: bool) -> Answers:
        """Requeue a page of tasks."""
        return dict(
            backend.requeue_many(
                ids, statuses=self.statuses, expires_at=self.expires_at, skip_locked=skip_locked
            )
        )

    def tell(self, answers: Counter[Any], *, end: str) -> None:
        """Say what became of the tasks."""
        text = f"Requeued {answers[Requeueing.DONE]} task(s)."
        if number := answers[Requeueing.DUPLICATE]:
            text += f" {number} stay: another task that is not finished has their unique key."
        if number := answers[Requeueing.INCOMPLETE]:
            text += f" {number} stay: old code sent them, and their message is not kept in full."
        if number := answers[Requeueing.SKIPPED]:
            text += f" {number} changed meanwhile."
        self.stdout.write(text + end)


def _duration(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _expiry(value: str | timedelta | None) -> datetime | None:
    """Return the deadline; call_command() hands over what was not parsed."""
    try:
        return None if value is None else timezone.now() + duration(value)
    except ValueError as error:
        raise CommandError(str(error)) from error

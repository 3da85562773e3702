"""manage.py prune_db_task_results"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bridge.durations import duration
from bridge.interface import DEFAULT_TASK_BACKEND_ALIAS
from bridge.ledger.pruning import Pruned, Selection, count, prune
from bridge.management.interrupt import INTERRUPTED, ending, held_back
from bridge.management.meant import EVERY, ledger_backends
from bridge.retention import STATES, Retention

DEFAULT_AGE = timedelta(days=14)
LONGEST_REST = 1.0


def age(text: str) -> timedelta:
    """Parse an age such as 12h."""
    try:
        return duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def days(text: str) -> timedelta:
    """Parse a whole number of days."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"must be at least 0, not {number}")
    return age(f"{number}d")


class Command(BaseCommand):
    """Delete the results of tasks that finished long ago."""

    help = (
        "Delete tasks that finished long ago, in short transactions. What is ready or running "
        "stays. Ctrl+C in between loses nothing."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--backend",
            default=DEFAULT_TASK_BACKEND_ALIAS,
            metavar="ALIAS",
            help="alias in TASKS whose tasks to delete; '*' for all in its ledgers, those of "
            "aliases that are gone included (default: %(default)s)",
        )
        parser.add_argument(
            "--queue-name",
            default=EVERY,
            metavar="NAME[,NAME]",
            help="only tasks of these queues (default: all)",
        )
        parser.add_argument(
            "--task",
            action="append",
            default=[],
            metavar="PATH",
            help="only this task, or with an asterisk at the end those whose path begins so; "
            "repeat it for more",
        )
        _add_ages(parser)
        parser.add_argument(
            "--dry-run", action="store_true", help="delete nothing, say how many it would be"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, or count, in each ledger."""
        alias = options["backend"]
        names = {name.strip() for name in options["queue_name"].split(",")}
        selection = Selection(
            retention=_retention(options),
            backend=None if alias == EVERY else alias,
            queues=() if EVERY in names else tuple(sorted(names)),
            tasks=tuple(options["task"]),
        )
        total = Pruned()
        try:
            for database in _databases(alias):
                if options["dry_run"]:
                    total += count(database, selection)
                else:
                    _delete(prune(database, selection), total)
        except KeyboardInterrupt as error:
            self._say(total, options, f", and was interrupted{ending(error)}")
            sys.exit(INTERRUPTED)
        self._say(total, options)

    def _say(self, total: Pruned, options: dict[str, Any], end: str = "") -> None:
        if not options["verbosity"]:
            return
        tasks = sum(total[state] for state in STATES)
        each = ", ".join(f"{total[state]} {state.lower()}" for state in STATES)
        others = "".join(f", {total[kind]} {kind}" for kind in ("batches", "limits") if total[kind])
        verb = "Would delete" if options["dry_run"] else "Deleted"
        self.stdout.write(f"{verb} {tasks} task result(s): {each}{others}{end}")


def _delete(steps: Iterator[Pruned], total: Pruned) -> None:
    """Add up the steps; rest after each for as long as it took: workers have work to do."""
    while True:
        begun = time.monotonic()
        with held_back():
            pruned = next(steps, None)
            total.update(pruned or ())
        if pruned is None:
            return
        time.sleep(min(time.monotonic() - begun, LONGEST_REST))


def _add_ages(parser: argparse.ArgumentParser) -> None:
    ages = parser.add_argument_group("how old", "Ages are counted from when a task finished.")
    least = ages.add_mutually_exclusive_group()
    least.add_argument(
        "--min-age-days",
        type=days,
        metavar="DAYS",
        help="least age of what is deleted (default: 14)",
    )
    least.add_argument("--min-age", type=age, metavar="AGE", help="the same, as in 90m, 12h or 7d")
    failed = ages.add_mutually_exclusive_group()
    failed.add_argument(
        "--failed-min-age-days",
        type=days,
        metavar="DAYS",
        help="least age of failed tasks (default: that of the others)",
    )
    failed.add_argument(
        "--failed-min-age",
        type=age,
        metavar="AGE",
        help="the same, as in 90m, 12h or 30d",
    )
    failed.add_argument("--keep-failed", action="store_true", help="delete no failed task")


def _retention(options: dict[str, Any]) -> Retention:
    least = _age(options, "min_age")
    successful = DEFAULT_AGE if least is None else least
    failed = _age(options, "failed_min_age")
    if options["keep_failed"]:
        return Retention(successful)
    return Retention(successful, successful if failed is None else failed)


def _age(options: dict[str, Any], name: str) -> timedelta | None:
    """Return an age; call_command() hands over what was not parsed."""
    value = options[name]
    if value is None:
        value = options[f"{name}_days"]
    if isinstance(value, int):
        value = timedelta(days=value)
    try:
        return None if value is None else duration(value)
    except ValueError as error:
        raise CommandError(str(error)) from error


def _databases(alias: str) -> list[str]:
    return sorted({backend.database for backend in ledger_backends(alias)})

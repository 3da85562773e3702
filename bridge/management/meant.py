"""The options of commands that do something to tasks: which ones are meant."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from bridge.backends.ledger import LedgerBackend
from bridge.durations import duration
from bridge.interface import DEFAULT_TASK_BACKEND_ALIAS, InvalidTaskBackend, task_backends
from bridge.ledger.selecting import Meant
from bridge.management.arguments import positive_int

EVERY = "*"

EPILOG = """\
exit codes:
  0    done, also when there was nothing to do
  1    wrong settings, not confirmed, or a task that --id names was left as it is
  2    wrong command line
  130  interrupted: what was done by then stays, and is said
"""


def moment(text: str) -> datetime:
    """Parse a time: "2026-11-20", "2026-11-20T12:30", or how long ago it was, as in "2h"."""
    try:
        return timezone.now() - duration(text)
    except ValueError:
        pass
    try:
        at = parse_datetime(text)
        if at is None and (day := parse_date(text)) is not None:
            at = datetime.combine(day, time())
    except ValueError:
        at = None
    if at is None:
        raise argparse.ArgumentTypeError(
            f"must be a time, as in '2026-11-20T12:30', or how long ago it was, as in '2h' or "
            f"'7d', not {text!r}"
        )
    is_naive = timezone.is_naive(at)
    return timezone.make_aware(at) if is_naive and timezone.is_aware(timezone.now()) else at


def add_arguments(
    parser: argparse.ArgumentParser, *, statuses: Sequence[str], default: str, event: str
) -> None:
    """Declare which tasks are meant; `event` is what --since and --until are about."""
    which = parser.add_argument_group("which tasks; they fit in every respect")
    which.add_argument(
        "--backend",
        default=DEFAULT_TASK_BACKEND_ALIAS,
        metavar="ALIAS",
        help="alias in TASKS, '*' for all that keep tasks in the database (default: %(default)s)",
    )
    for name, metavar, text in (
        ("id", "ID", "this task"),
        ("task", "PATH", "tasks of this path; * stands for any text, as in 'shop.*'"),
        ("queue", "NAME", "tasks of this queue"),
        ("error", "CLASS", "tasks whose last error is of this class; the module may be left out"),
    ):
        which.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar=metavar,
            help=f"{text}; repeat it, or separate several by commas",
        )
    which.add_argument(
        "--status",
        action="append",
        default=[],
        choices=statuses,
        help=f"tasks in this state; may be repeated (default: {default})",
    )
    for name, text in (("since", "at this time or later"), ("until", "before this time")):
        which.add_argument(
            f"--{name}",
            type=moment,
            metavar="WHEN",
            help=f"tasks {event} {text}: 2026-11-20, 2026-11-20T12:30, or 2h for two hours ago",
        )
    which.add_argument("--limit", type=positive_int, metavar="N", help="no more than these")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--dry-run", action="store_true", help="change nothing; say which tasks it would be"
    )
    how.add_argument(
        "--no-input",
        "--noinput",
        action="store_false",
        dest="interactive",
        help="do not ask; it does where neither --id nor --task says which tasks are meant",
    )


def meant(options: Mapping[str, Any], *, default: Sequence[str], time: str) -> Meant:
    """Return which tasks the options mean. Raise CommandError for an id that is none."""
    return Meant(
        statuses=options["status"] or default,
        time=time,
        ids=[_id(text) for text in _split(options["id"])],
        tasks=_split(options["task"]),
        queues=_split(options["queue"]),
        errors=_split(options["error"]),
        since=_moment(options["since"]),
        until=_moment(options["until"]),
    )


def ledger_backends(alias: str) -> list[LedgerBackend]:
    """Return the backends an alias means. Raise CommandError for one without a ledger."""
    if alias == EVERY:
        return [each for each in task_backends.all() if isinstance(each, LedgerBackend)]
    try:
        backend = task_backends[alias]
    except InvalidTaskBackend as error:
        raise CommandError(
            f"TASKS has no backend {alias!r}: {error}. Choose another with --backend, or '*'."
        ) from error
    if not isinstance(backend, LedgerBackend):
        raise CommandError(
            f"TASKS[{alias!r}] is {type(backend).__name__}, which keeps no tasks in the database. "
            "Choose another alias with --backend."
        )
    return [backend]


def _split(texts: Iterable[str]) -> list[str]:
    return [part.strip() for text in texts for part in str(text).split(",") if part.strip()]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandError(f"--id {text!r} is not the id of a task result.") from error


def _moment(value: Any) -> datetime | None:
    """Return a time; call_command() hands over what was not parsed."""
    try:
        return moment(value) if isinstance(value, str) else value
    except argparse.ArgumentTypeError as error:
        raise CommandError(f"A time {error}.") from error

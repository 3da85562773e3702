"""The command line of db_worker."""

from __future__ import annotations

import argparse

from django.core.management.base import DjangoHelpFormatter

from bridge.interface import DEFAULT_TASK_BACKEND_ALIAS

EPILOG = """\
exit codes:
  0  stopped by a signal, or --batch found nothing more to run
  1  wrong options or settings, child processes kept dying, or the database stayed away
     until the end of the grace (another worker then recovers what this one held)
  2  wrong command line

signals:
  SIGTERM, SIGINT: nothing new starts and running tasks have --grace seconds to finish;
  a second one kills them. What was claimed and has not started goes back at once.
"""


class Formatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Django's help, with the lines of the epilog as they are written."""


def positive_int(text: str) -> int:
    """Parse a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def positive_number(text: str) -> float:
    """Parse a finite number above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text}")
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of db_worker."""
    what = parser.add_argument_group("what it runs")
    what.add_argument(
        "--backend",
        default=DEFAULT_TASK_BACKEND_ALIAS,
        metavar="ALIAS",
        help="alias in TASKS whose ledger to serve (default: %(default)s)",
    )
    what.add_argument(
        "--queue",
        action="append",
        default=[],
        metavar="NAME[=WEIGHT]",
        help="serve only this queue; repeat it, or separate names by commas. With weights, as in "
        "critical=5,default=1, each comes first in proportion (default: all queues, highest "
        "priority first)",
    )
    what.add_argument(
        "--exclude-queue",
        action="append",
        default=[],
        metavar="NAME",
        help="serve all queues but this one; repeat it, or separate names by commas",
    )
    what.add_argument("--batch", action="store_true", help="stop once nothing is ready to run")
    _add_size(parser)
    _add_times(parser)


def _add_size(parser: argparse.ArgumentParser) -> None:
    size = parser.add_argument_group("how much at a time")
    size.add_argument(
        "--processes",
        type=positive_int,
        default=1,
        metavar="N",
        help="child processes (default: %(default)s)",
    )
    size.add_argument(
        "--concurrency",
        type=positive_int,
        default=1,
        metavar="N",
        help="tasks at a time in each process, in threads above 1 (default: %(default)s)",
    )
    size.add_argument(
        "--max-tasks",
        type=positive_int,
        metavar="N",
        help="replace a child process after this many tasks (default: never)",
    )
    size.add_argument(
        "--max-rss",
        type=positive_number,
        metavar="MIB",
        help="replace a child process that holds more memory than this after a task "
        "(default: never)",
    )


def _add_times(parser: argparse.ArgumentParser) -> None:
    times = parser.add_argument_group("when")
    times.add_argument(
        "--interval",
        type=positive_number,
        default=1.0,
        metavar="SECONDS",
        help="between two looks at an empty queue, when nothing wakes the worker earlier "
        "(default: %(default)g)",
    )
    times.add_argument(
        "--grace",
        type=positive_number,
        default=30.0,
        metavar="SECONDS",
        help="that running tasks get to finish after a stop signal (default: %(default)g)",
    )
    times.add_argument(
        "--reload",
        action=argparse.BooleanOptionalAction,
        help="start again when the code changes, after running tasks have finished "
        "(default: when settings.DEBUG is on; never with --batch)",
    )

"""What manage.py check does for us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Tags

from bridge import interface
from bridge.backends.base import bridge_backends
from bridge.backends.ledger import LedgerBackend
from bridge.checks.backends import (
    check_aliases,
    check_entry,
    check_neighbours,
    check_tables,
    ledgers,
    right_backends,
)
from bridge.checks.deployment import check_production, check_sqlite
from bridge.checks.discovery import import_tasks
from bridge.checks.kinds import UNREACHABLE, UNUSABLE_DATABASE
from bridge.checks.mail import check_mail
from bridge.checks.policies import check_policies
from bridge.interface import task_backends

TAG = "tasks"


def register() -> None:
    """Let manage.py check run our checks, and with `--tag tasks` nothing else."""
    # The backport registers its check only when its own app is installed too.
    checks.register(interface.check_tasks, TAG)
    checks.register(check_configuration, TAG)
    checks.register(check_deployment, TAG, deploy=True)
    checks.register(check_ledgers, TAG, Tags.database, deploy=True)


def check_configuration(**kwargs: Any) -> Iterator[CheckMessage]:
    """Check settings and declared tasks. No connection is made: it runs with every command."""
    yield from import_tasks()
    for backend in bridge_backends():
        yield from check_entry(backend)
    right = right_backends()
    yield from check_aliases(right)
    for ledger in ledgers(right):
        yield from check_tables(ledger)
    yield from check_neighbours(ledgers(right))
    yield from check_mail()
    yield from check_policies(right)


def check_deployment(**kwargs: Any) -> Iterator[CheckMessage]:
    """Check the settings for production."""
    yield from check_production(task_backends.all())
    yield from check_sqlite(ledgers(right_backends()))


def check_ledgers(databases: Sequence[str] | None = None, **kwargs: Any) -> Iterator[CheckMessage]:
    """Check what the databases of ledgers say and hold: those named, or all."""
    # The models, and the worker beneath them, are not imported before Django is ready.
    from bridge.checks.contents import Contents, check_finished
    from bridge.checks.servers import check_server

    homes: dict[str, list[LedgerBackend]] = {}
    for backend in ledgers(right_backends()):
        homes.setdefault(backend.database, []).append(backend)
    for database, backends in homes.items():
        if databases is not None and database not in databases:
            continue
        found = list(check_server(database))
        yield from found
        if any(message.id in {UNREACHABLE.id, UNUSABLE_DATABASE.id} for message in found):
            continue
        for transport in {backend.transport for backend in backends}:
            yield from Contents([b for b in backends if b.transport == transport]).check()
        yield from check_finished(backends)

"""What is fine in development and not in production; no connection is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core.checks import CheckMessage
from django.db import connections

from bridge.backends.base import BridgeBackend
from bridge.backends.ledger import LedgerBackend
from bridge.checks.kinds import NOT_FOR_PRODUCTION, SQLITE_DEFERRED
from bridge.interface import BaseTaskBackend

LIBRARIES = {"django", "django_tasks"}
NAMES = {"ImmediateBackend", "DummyBackend"}
"""The backends of these libraries that are for tests and development, as ours of that name."""


def check_production(backends: Iterable[BaseTaskBackend]) -> Iterator[CheckMessage]:
    """Yield a warning for each backend that is not for production."""
    for backend in backends:
        kind = type(backend)
        if isinstance(backend, BridgeBackend):
            yield from backend.check_deployment()
            fit = backend.for_production
        else:
            library = kind.__module__.partition(".")[0]
            fit = library not in LIBRARIES or kind.__name__ not in NAMES
        if not fit:
            yield NOT_FOR_PRODUCTION(
                f"TASKS[{backend.alias!r}] is {kind.__name__}, which is for tests and development."
            )


def check_sqlite(backends: Iterable[LedgerBackend]) -> Iterator[CheckMessage]:
    """Yield a warning for each SQLite file whose transactions begin by reading."""
    for database in sorted({backend.database for backend in backends}):
        connection = connections[database]
        mode = connection.settings_dict["OPTIONS"].get("transaction_mode") or "DEFERRED"
        if connection.vendor == "sqlite" and mode.upper() == "DEFERRED":
            yield SQLITE_DEFERRED(
                f"transaction_mode of DATABASES[{database!r}], which holds a ledger, is {mode!r}."
            )

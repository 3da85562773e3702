"""What the entries of TASKS say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import combinations
from typing import Any

from django.core.checks import CheckMessage
from django.db import router

from bridge import registry
from bridge.backends import options
from bridge.backends.base import BridgeBackend, bridge_backends
from bridge.backends.database import DatabaseBackend
from bridge.backends.ledger import LedgerBackend
from bridge.backends.options import ENTRY, LEASE, MAX_LOSSES, PGBOUNCER, PROPAGATE, Option
from bridge.checks.kinds import (
    LOST_ALIAS,
    NOT_MIGRATED_HERE,
    UNEQUAL_NEIGHBOURS,
    UNKNOWN_OPTION,
    UNKNOWN_SETTING,
    WRONG_QUEUES,
)
from bridge.exceptions import TaskNotFound

APPLIED_BY_WORKERS = (LEASE, MAX_LOSSES, PGBOUNCER)


def check_entry(backend: BridgeBackend) -> Iterator[CheckMessage]:
    """Yield what is wrong with one entry of TASKS."""
    place = f"TASKS[{backend.alias!r}]"
    known = [option.name for option in backend.known_options]
    for name in backend.params.keys() - set(ENTRY):
        if name in known:
            hint = f"Move it into OPTIONS of {place}."
        else:
            hint = _nearest(name, ENTRY) or UNKNOWN_SETTING.hint
        yield UNKNOWN_SETTING(f"{place} has {name!r}, which nothing reads.", hint=hint)
    for name in backend.options.keys() - set(known) - _shared(backend):
        hint = _nearest(name, known) or f"{type(backend).__name__} knows {', '.join(known)}."
        yield UNKNOWN_OPTION(f"OPTIONS of {place} has {name!r}, which nothing reads.", hint=hint)
    queues = backend.params.get("QUEUES", [])
    if isinstance(queues, str) or not all(isinstance(name, str) and name for name in queues):
        yield WRONG_QUEUES(f"QUEUES of {place} must be a list of names, not {queues!r}.")


def _shared(backend: BridgeBackend) -> set[str]:
    """Return what other backends read: settings change BACKEND for tests, and keep OPTIONS."""
    if backend.for_production:
        return {PROPAGATE.name}
    return {option.name for option in vars(options).values() if isinstance(option, Option)}


def check_aliases(backends: Iterable[BridgeBackend]) -> Iterator[CheckMessage]:
    """Yield a warning for each legacy name that leads to no task; entries may share a file."""
    places: dict[tuple[str, str], list[str]] = {}
    for backend in backends:
        for name, path in backend.aliases.paths.items():
            places.setdefault((name, path), []).append(f"TASKS[{backend.alias!r}]")
    for (name, path), entries in places.items():
        try:
            registry.resolve(path)
        except TaskNotFound as error:
            yield LOST_ALIAS(f"ALIASES of {', '.join(entries)} leads {name!r} astray: {error}")


def check_tables(backend: LedgerBackend) -> Iterator[CheckMessage]:
    """Yield an error when the tables of a ledger can never be where it looks for them."""
    from bridge.ledger.models import TaskRow

    if not router.allow_migrate_model(backend.database, TaskRow):
        yield NOT_MIGRATED_HERE(
            f"The ledger of TASKS[{backend.alias!r}] is in {backend.database!r}, where "
            "DATABASE_ROUTERS allow no migration of the app 'bridge'."
        )


def check_neighbours(backends: Iterable[LedgerBackend]) -> Iterator[CheckMessage]:
    """Yield a warning for each two entries whose workers take each other's tasks unawares."""
    ours = [backend for backend in backends if isinstance(backend, DatabaseBackend)]
    for one, other in combinations(ours, 2):
        if one.database != other.database or not _share_queues(one, other):
            continue
        differ = [
            option.name
            for option in APPLIED_BY_WORKERS
            if one.option(option) != other.option(option)
        ]
        if differ:
            yield UNEQUAL_NEIGHBOURS(
                f"TASKS[{one.alias!r}] and TASKS[{other.alias!r}] share queues in "
                f"{one.database!r}, and differ in {', '.join(differ)}."
            )


def right_backends() -> list[BridgeBackend]:
    """Return the backends of ours whose options are right, so that more can be said of them."""
    return [
        backend
        for backend in bridge_backends()
        if not any(message.is_serious() for message in backend.check())
    ]


def ledgers(backends: Iterable[BridgeBackend]) -> list[LedgerBackend]:
    """Return those that have a ledger."""
    return [backend for backend in backends if isinstance(backend, LedgerBackend)]


def _share_queues(one: DatabaseBackend, other: DatabaseBackend) -> bool:
    return not one.queues or not other.queues or bool(one.queues & other.queues)


def _nearest(name: Any, known: Iterable[str]) -> str | None:
    found = get_close_matches(str(name).upper(), known, n=1)
    return f"Did you mean {found[0]!r}?" if found else None

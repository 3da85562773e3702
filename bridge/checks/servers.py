"""What a ledger's database server says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.db import Error, connections

from bridge.checks.kinds import FEW_CONNECTIONS, NO_AUTOVACUUM, UNREACHABLE, UNUSABLE_DATABASE
from bridge.worker.tables import find_fault

CROWDED = 0.8
"""The part of the server's connections from which on a few more workers may be too many."""

CONNECTIONS = {
    "postgresql": "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = "
    "'client backend'), current_setting('max_connections')::int",
    "mysql": "SELECT (SELECT count(*) FROM information_schema.processlist), @@max_connections",
}

AUTOVACUUM = "SHOW autovacuum"


def check_server(database: str) -> Iterator[CheckMessage]:
    """Yield what keeps workers from using a database, or soon will."""
    connection = connections[database]
    try:
        connection.ensure_connection()
    except Error as error:
        yield UNREACHABLE(f"Database {database!r} cannot be reached: {str(error).strip()}")
        return
    if fault := find_fault(database):
        yield UNUSABLE_DATABASE(fault)
        return
    if query := CONNECTIONS.get(connection.vendor):
        used, allowed = _read(database, query)
        if used >= CROWDED * allowed:
            yield FEW_CONNECTIONS(
                f"The server of database {database!r} allows {allowed} connections, and {used} are "
                "open."
            )
    if connection.vendor == "postgresql" and _read(database, AUTOVACUUM) == ("off",):
        yield NO_AUTOVACUUM(f"autovacuum is off on the server of database {database!r}.")


def _read(database: str, query: str) -> tuple[Any, ...]:
    with connections[database].cursor() as cursor:
        cursor.execute(query)
        row: tuple[Any, ...] = cursor.fetchone()
        return row

"""Empty databases between tests: far cheaper than `flush`, or than new databases."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.management.color import no_style
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

KEPT = {"django_migrations", "django_content_type"}
"""What migrating has filled."""
OTHERS = {
    "postgresql": "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'",
    "mysql": "SELECT id FROM information_schema.processlist "
    "WHERE db = database() AND id <> connection_id()",
}


def install() -> None:
    """Let every transactional test end by deleting the rows that there are."""
    TransactionTestCase._fixture_teardown = _fixture_teardown  # type: ignore[attr-defined]


def _fixture_teardown(self: Any) -> None:
    for name in self._databases_names(include_mirrors=False):
        connection = connections[name]
        with transaction.atomic(using=name), connection.constraint_checks_disabled():
            with connection.cursor() as cursor:
                for table in _filled(connection):
                    cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


def make_like_new(alias: str = "default") -> None:
    """End what others do in the database, and leave it as migrating has left it."""
    connection = connections[alias]
    if connection.vendor in OTHERS:
        with connection.cursor() as cursor:
            cursor.execute(OTHERS[connection.vendor])
            others = [row[0] for row in cursor.fetchall()]
            if connection.vendor == "mysql":
                for number in others:
                    with suppress(OperationalError):  # it has ended by itself
                        cursor.execute(f"KILL {number}")
    filled = _filled(connection)
    flush = connection.ops.sql_flush(no_style(), filled, reset_sequences=True, allow_cascade=True)
    connection.ops.execute_sql_flush(flush)


def _filled(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the tables that have rows."""
    names = connection.introspection.django_table_names(only_existing=False)
    names = sorted(set(names) - KEPT)
    looks = [f"EXISTS (SELECT 1 FROM {connection.ops.quote_name(name)})" for name in names]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(looks)}")
        return [name for name, some in zip(names, cursor.fetchone(), strict=True) if some]

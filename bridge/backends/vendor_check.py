"""Whether the ledger's SQL and its database understand each other."""

from __future__ import annotations

from django.core import checks
from django.db import connections

from bridge.checks.kinds import WRONG_VENDOR
from bridge.ledger.vendors import SUPPORTED


def check_vendor(alias: str, database: str) -> list[checks.CheckMessage]:
    """Return an error when the ledger of TASKS[alias] cannot live in this database.

    No connection is made: the versions of servers are looked at by those that use them.
    """
    vendor = connections[database].vendor
    if vendor not in SUPPORTED:
        return _error(
            f"The ledger of TASKS[{alias!r}] is in {database!r}, whose vendor is {vendor}; it "
            "needs PostgreSQL, SQLite, MySQL or MariaDB.",
            "Name another of your DATABASES in OPTIONS['DATABASE'].",
        )
    if vendor == "postgresql" and not _has_psycopg_3():
        return _error(
            f"The ledger of TASKS[{alias!r}] is in PostgreSQL, and Django uses psycopg2 here; it "
            "needs psycopg 3.",
            "pip install 'django-task-bridge[postgres]'.",
        )
    return []


def _has_psycopg_3() -> bool:
    from django.db.backends.postgresql import psycopg_any  # there is no psycopg without PostgreSQL

    return bool(psycopg_any.is_psycopg3)


def _error(message: str, hint: str) -> list[checks.CheckMessage]:
    return [WRONG_VENDOR(message, hint=hint)]

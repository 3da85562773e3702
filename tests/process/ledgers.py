"""Migrated databases for projects: made once for a process of pytest, like new for each test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import need
from tests.process.console import Console
from tests.process.project import ROOT, Project, complete
from tests.services import MARIADB, POSTGRES
from tests.settings import PLAIN

LIKE_NEW = """
from bridge.interface import task_backends
from tests.emptying import make_like_new
make_like_new()
for alias in list(task_backends):
    if hasattr(task_backends._connections, alias):
        delattr(task_backends._connections, alias)
"""


@dataclass(frozen=True)
class Ledger:
    """A database with tables, by the environment that leads to it, and a console there."""

    environment: dict[str, str]
    console: Console
    end: ExitStack


class Ledgers:
    """One database of each kind, lent to one test at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, Ledger] = {}

    @contextmanager
    def lend(self, kind: str) -> Iterator[Ledger]:
        """Hand out a database that is like new; whoever uses it ends before it is given back."""
        ledger = self._kept.pop(kind, None) or self._made(kind)
        yield ledger
        try:
            ledger.console.run(LIKE_NEW)
        except (AssertionError, OSError):
            # The test has dropped tables, or its console has ended or hangs.
            ledger.end.close()
        else:
            self._kept[kind] = ledger

    def close(self) -> None:
        """Drop them all."""
        for ledger in self._kept.values():
            ledger.end.close()

    def _made(self, kind: str) -> Ledger:
        with ExitStack() as stack:
            environment = stack.enter_context(DATABASES[kind](self._folder))
            console = Console(complete(environment), cwd=ROOT)
            stack.callback(console.close)
            Project(environment, self._folder, console).migrate()
            return Ledger(environment, console, stack.pop_all())


@contextmanager
def _sqlite(folder: Path) -> Iterator[dict[str, str]]:
    yield {"BRIDGE_DB_SQLITE": str(folder / f"{_new_name()}.sqlite3")}


@contextmanager
def _postgres(folder: Path) -> Iterator[dict[str, str]]:
    need(POSTGRES)
    import psycopg

    name = _new_name()
    server = f"host={POSTGRES.host} port={POSTGRES.port} user={POSTGRES.user} dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield {"BRIDGE_DB_POSTGRES": name}
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _mariadb(folder: Path) -> Iterator[dict[str, str]]:
    need(MARIADB)
    name = _new_name()
    # Texts of the table and of the connection have different collations here.
    _in_mariadb(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    yield {"BRIDGE_DB_MARIADB": name}
    _in_mariadb(f"DROP DATABASE {name}")


def _in_mariadb(statement: str) -> None:
    import MySQLdb  # or what the settings install by this name

    server = MySQLdb.connect(host=MARIADB.host, port=MARIADB.port, user=MARIADB.user, **PLAIN)
    with closing(server), server.cursor() as cursor:
        cursor.execute(statement)


DATABASES = {"sqlite": _sqlite, "postgres": _postgres, "mariadb": _mariadb}


def _new_name() -> str:
    return f"bridge_process_{os.getpid()}_{secrets.token_hex(4)}"

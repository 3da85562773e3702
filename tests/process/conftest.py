from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.conftest import need
from tests.process.project import Project
from tests.services import MARIADB, POSTGRES


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """A project whose ledger is in the named database; its workers die with the test."""
    with DATABASES[request.param](tmp_path) as environment:
        project = Project(environment, tmp_path)
        yield project
        _end(project)


@contextmanager
def _sqlite(folder: Path) -> Iterator[dict[str, str]]:
    yield {"BRIDGE_DB_SQLITE": str(folder / "db.sqlite3")}


@contextmanager
def _postgres(folder: Path) -> Iterator[dict[str, str]]:
    need(POSTGRES)
    import psycopg

    name = _new_name()
    server = f"host={POSTGRES.host} port={POSTGRES.port} user={POSTGRES.user} dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield {"BRIDGE_DB_POSTGRES": name}
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _mariadb(folder: Path) -> Iterator[dict[str, str]]:
    need(MARIADB)
    import MySQLdb  # or what the settings install by this name

    name = _new_name()
    server = MySQLdb.connect(host=MARIADB.host, port=MARIADB.port, user=MARIADB.user)
    with closing(server), server.cursor() as cursor:
        # Texts of the table and of the connection have different collations here.
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        yield {"BRIDGE_DB_MARIADB": name}
        cursor.execute(f"DROP DATABASE {name}")


DATABASES = {"sqlite": _sqlite, "postgres": _postgres, "mariadb": _mariadb}


def _new_name() -> str:
    return f"bridge_process_{os.getpid()}_{secrets.token_hex(4)}"


def _end(project: Project) -> None:
    project.stop()
    for worker in project.workers:
        print(f"--- {worker.log.name}\n{worker.output()}")  # shown when the test fails

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.process.project import Project
from tests.services import POSTGRES


@pytest.fixture(params=["sqlite", "postgres"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """A project whose ledger is in the named database; its workers die with the test."""
    if request.param == "sqlite":
        project = Project({"BRIDGE_DB_SQLITE": str(tmp_path / "db.sqlite3")}, tmp_path)
        yield project
        _end(project)
        return
    need(POSTGRES)
    import psycopg

    name = f"bridge_process_{os.getpid()}_{secrets.token_hex(4)}"
    server = f"host={POSTGRES.host} port={POSTGRES.port} user={POSTGRES.user} dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        project = Project({"BRIDGE_DB_POSTGRES": name}, tmp_path)
        yield project
        _end(project)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _end(project: Project) -> None:
    project.stop()
    for worker in project.workers:
        print(f"--- {worker.log.name}\n{worker.output()}")  # shown when the test fails

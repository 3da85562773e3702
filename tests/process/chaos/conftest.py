"""A storm per test, on a database of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.process.chaos.databases import Database, Mariadb, Postgres, Sqlite
from tests.process.chaos.server import Server, programs
from tests.process.chaos.storm import Storm, storm
from tests.services import MARIADB, POSTGRES, REQUIRED

SEED = int(os.environ.get("BRIDGE_CHAOS_SEED", "14"))


@pytest.fixture
def max_losses() -> int:
    """How many dead workers a task may see: enough that no kill at random exhausts it."""
    return 100


@pytest.fixture
def server() -> Iterator[Server]:
    """A PostgreSQL server that belongs to the test."""
    folder = programs()
    if folder is None:
        message = "PostgreSQL's initdb is not reachable on PATH or in /usr/lib/postgresql/*/bin"
        if REQUIRED:
            pytest.fail(f"{message}, and BRIDGE_REQUIRE_SERVICES=1")
        pytest.skip(message)
    server = Server(folder)
    yield server
    server.destroy()


@pytest.fixture
def on_sqlite(tmp_path: Path, max_losses: int) -> Iterator[Storm]:
    yield from _told(Sqlite(tmp_path), tmp_path, max_losses)


@pytest.fixture
def on_postgres(tmp_path: Path, max_losses: int) -> Iterator[Storm]:
    need(POSTGRES)
    yield from _told(Postgres(), tmp_path, max_losses)


@pytest.fixture
def on_mariadb(tmp_path: Path, max_losses: int) -> Iterator[Storm]:
    need(MARIADB)
    yield from _told(Mariadb(), tmp_path, max_losses)


@pytest.fixture
def on_own_server(server: Server, tmp_path: Path, max_losses: int) -> Iterator[Storm]:
    yield from _told(Postgres(server.port), tmp_path, max_losses)


@pytest.fixture(params=["on_sqlite", "on_postgres", "on_mariadb"])
def anywhere(request: pytest.FixtureRequest) -> Storm:
    """A storm on every database in turn."""
    begun: Storm = request.getfixturevalue(request.param)
    return begun


@pytest.fixture(params=["on_postgres", "on_mariadb"])
def on_a_server(request: pytest.FixtureRequest) -> Storm:
    """A storm on every database with connections and a clock of its own."""
    begun: Storm = request.getfixturevalue(request.param)
    return begun


def _told(database: Database, folder: Path, max_losses: int) -> Iterator[Storm]:
    """Set a storm up; print its seed and what its workers said, which a failure then shows."""
    print(f"seed {SEED} on {database.name}")
    with database, storm(database, folder, seed=SEED, max_losses=max_losses) as begun:
        yield begun
    for worker in begun.project.workers:
        print(f"--- {worker.log.name}\n{worker.output()[-20_000:]}")

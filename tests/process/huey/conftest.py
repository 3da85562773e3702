from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from huey import PostgresHuey

from tests.conftest import need
from tests.process.huey.plant import HueyPlant
from tests.services import POSTGRES, REDIS


@pytest.fixture
def sqlite(tmp_path: Path) -> dict[str, str]:
    """A storage that needs no server."""
    return {"PLANT_STORAGE": "sqlite"}


@pytest.fixture
def redis() -> Iterator[dict[str, str]]:
    """A storage of our own in Redis."""
    need(REDIS)
    import redis as library

    name = f"plant{secrets.token_hex(6)}"
    yield {"PLANT_STORAGE": "redis", "PLANT_NAME": name}
    with library.Redis(host=REDIS.host, port=REDIS.port, db=9) as client:
        for key in client.scan_iter(f"huey.*.{name}*"):
            client.delete(key)


@pytest.fixture
def postgres() -> Iterator[dict[str, str]]:
    """A storage of our own in PostgreSQL."""
    need(POSTGRES)
    import psycopg

    name = f"plant{secrets.token_hex(6)}"
    where = f"host={POSTGRES.host} port={POSTGRES.port} user={POSTGRES.user} dbname=postgres"
    # Processes that start together would both create the tables, and PostgreSQL lets one fail.
    PostgresHuey(name, dsn=where, table_prefix=name).storage.close()
    yield {"PLANT_STORAGE": "postgres", "PLANT_NAME": name}
    with psycopg.connect(where, autocommit=True) as connection:
        for table in ("kv", "schedule", "task", "counter"):
            connection.execute(f"DROP TABLE IF EXISTS {name}_{table}".encode())


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in a file, as migrating leaves it."""
    plant = HueyPlant(tmp_path_factory.mktemp("plant"), {"PLANT_STORAGE": "sqlite"})
    path = plant.migrate()
    plant.stop()
    return path


@pytest.fixture
def plant(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> Iterator[HueyPlant]:
    """The project on the storage a test names; its consumers die with the test."""
    plant = HueyPlant(tmp_path, request.getfixturevalue(request.param), tables)
    yield plant
    plant.stop()

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import redis_prefix, virtual_host
from tests.conftest import need
from tests.process.celery.plant import Plant
from tests.process.ledgers import Ledgers
from tests.services import RABBITMQ, REDIS


@pytest.fixture
def filesystem(tmp_path: Path) -> dict[str, str]:
    """A broker and a result backend that need no server."""
    return {"PLANT_BROKER": "filesystem://", "PLANT_RESULTS": f"file://{tmp_path}/results"}


@pytest.fixture
def redis() -> Iterator[dict[str, str]]:
    """A broker and a result backend of our own in Redis."""
    need(REDIS)
    with redis_prefix() as (url, prefix):
        yield {"PLANT_BROKER": url, "PLANT_RESULTS": url, "PLANT_PREFIX": prefix}


@pytest.fixture
def rabbitmq(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A broker in RabbitMQ; results in files."""
    need(RABBITMQ)
    (tmp_path / "results").mkdir()
    with virtual_host() as url:
        yield {"PLANT_BROKER": url, "PLANT_RESULTS": f"file://{tmp_path}/results"}


@pytest.fixture
def postgres(ledgers: Ledgers) -> Iterator[dict[str, str]]:
    """A database in PostgreSQL, for the ledger and all else."""
    with ledgers.lend("postgres") as ledger:
        yield {"PLANT_POSTGRES": ledger.environment["BRIDGE_DB_POSTGRES"]}


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in a file, as migrating leaves it."""
    plant = Plant(tmp_path_factory.mktemp("plant"), {"PLANT_BROKER": "filesystem://"})
    path = plant.migrate()
    plant.stop()
    return path


@pytest.fixture
def plant(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> Iterator[Plant]:
    """The project on the broker a test names with @on(...); its workers die with the test."""
    plant = Plant(tmp_path, request.getfixturevalue(request.param), tables)
    yield plant
    plant.stop()

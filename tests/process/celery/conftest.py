from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.process.celery.plant import Plant
from tests.services import RABBITMQ, REDIS


@pytest.fixture
def filesystem(tmp_path: Path) -> dict[str, str]:
    """A broker and a result backend that need no server."""
    return {"PLANT_BROKER": "filesystem://", "PLANT_RESULTS": f"file://{tmp_path}/results"}


@pytest.fixture
def redis() -> Iterator[dict[str, str]]:
    """A broker and a result backend of our own in Redis."""
    need(REDIS)
    import redis as library

    prefix = f"plant-{secrets.token_hex(6)}:"
    url = f"redis://{REDIS.host}:{REDIS.port}/9"
    yield {"PLANT_BROKER": url, "PLANT_RESULTS": url, "PLANT_PREFIX": prefix}
    client = library.Redis.from_url(url)
    for key in client.scan_iter(f"{prefix}*"):
        client.delete(key)
    client.close()


@pytest.fixture
def vhost() -> Iterator[str]:
    """A virtual host of our own in RabbitMQ."""
    need(RABBITMQ)
    name = f"plant-{secrets.token_hex(6)}"
    for command in (
        ["add_vhost", name],
        ["set_permissions", "-p", name, "guest", ".*", ".*", ".*"],
    ):
        subprocess.run(["rabbitmqctl", *command], check=True, capture_output=True, timeout=60)
    yield name
    subprocess.run(["rabbitmqctl", "delete_vhost", name], check=True, timeout=60)


@pytest.fixture
def rabbitmq(vhost: str, tmp_path: Path) -> dict[str, str]:
    """A broker in RabbitMQ; results in files."""
    (tmp_path / "results").mkdir()
    url = f"amqp://guest:guest@{RABBITMQ.host}:{RABBITMQ.port}/{vhost}"
    return {"PLANT_BROKER": url, "PLANT_RESULTS": f"file://{tmp_path}/results"}


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

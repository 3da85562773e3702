"""The broker crashes and comes back while producers and workers are busy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.process.celery.plant import Plant
from tests.process.celery.servers import BrokerServer, RabbitServer, RedisServer
from tests.process.celery.traffic import PRODUCE, Producers
from tests.process.project import wait_for

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]
SERVERS: dict[str, type[BrokerServer]] = {"redis": RedisServer, "rabbitmq": RabbitServer}


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[BrokerServer]:
    """A broker that belongs to the test."""
    server = SERVERS[request.param]()
    try:
        server.start()
        yield server
    finally:
        server.destroy()


@pytest.fixture
def plant(server: BrokerServer, tmp_path: Path, postgres: dict[str, str]) -> Iterator[Plant]:
    """The project on that broker, and on PostgreSQL."""
    soon = '{"visibility_timeout": 5, "unacked_restore_throttle": 1}'
    more = {"PLANT_LEASE": "3", "PLANT_REDIS": soon}
    plant = Plant(tmp_path, {**server.environment, **postgres, **more})
    yield plant
    plant.stop()


@pytest.mark.parametrize(
    ("server", "count"), [("redis", 300), ("rabbitmq", 150)], indirect=["server"]
)
def test_no_task_is_lost_or_doubled_when_the_broker_crashes_under_load(
    plant: Plant, server: BrokerServer, count: int
) -> None:
    plant.ready(plant.worker("new"), plant.worker("new"))
    with ExitStack() as end:
        producers = Producers(plant, end)
        for _ in range(3):
            producers.start(PRODUCE, count=count)
        wait_for(lambda: len(plant.runs()) > count / 4, "some work")

        assert producers.busy
        server.restart(away=1)

        account = producers.account()
    # kombu takes a message off Redis before it notes who has it: each worker may lose one.
    account.settle(plant, seconds=400, spare=2 if isinstance(server, RedisServer) else 0)
    assert account.undone

"""A deployment: workers go from old to new and part of the way back, and nobody stops sending."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.process.celery.plant import Plant
from tests.process.celery.traffic import Producers
from tests.process.project import Process, wait_for

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

OLD = """
expected = []
for number in range({count}):
    name = f"{who}-{{number}}"
    if number % 10 == 0:
        flaky.delay(name, 1)
        expected += [f"{{name}}#1", f"{{name}}#2"]
        continue
    expected.append(name)
    if number % 10 == 1:
        note.apply_async((name,), countdown=number % 5)
    elif number % 10 < 5:
        water.delay(name)
    else:
        note.delay(name)
give([expected, [], []])
"""
NEW = """
expected = []
for number in range({count}):
    name = f"{who}-{{number}}"
    if number % 10 == 0:
        flaky.enqueue(name, 1)
        expected += [f"{{name}}#1", f"{{name}}#2"]
        continue
    expected.append(name)
    if number % 10 == 1:
        note.using(run_after=timedelta(seconds=number % 5)).enqueue(name)
    elif number % 10 < 5:
        water.enqueue(name)
    else:
        note.enqueue(name)
give([expected, [], []])
"""


@pytest.fixture
def plant(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: dict[str, str]
) -> Iterator[Plant]:
    """The project on a broker, and on PostgreSQL."""
    plant = Plant(tmp_path, {**request.getfixturevalue(request.param), **postgres})
    yield plant
    plant.stop()


def leave(worker: Process) -> None:
    """Stop a worker as a deployment does: it finishes what it runs."""
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0


@pytest.mark.parametrize(
    ("plant", "count"), [("redis", 500), ("rabbitmq", 100)], indirect=["plant"]
)
def test_every_task_runs_once_while_workers_go_from_old_to_new_and_back(
    plant: Plant, count: int
) -> None:
    """Each of the eight stints of a producer sends `count` tasks."""
    with ExitStack() as end:
        producers = Producers(plant, end)

        def send(*sides: str) -> None:
            before = len(plant.runs())
            for side in sides:
                producers.start(OLD if side == "old" else NEW, side=side, count=count)
            wait_for(lambda: len(plant.runs()) > before + count / 4, "work to go on", seconds=120)

        old = [plant.worker("old"), plant.worker("old")]
        plant.ready(*old)
        send("old", "new")

        new = [plant.worker("new")]
        plant.ready(*new)
        leave(old.pop())
        send("old", "new")

        new.append(plant.worker("new"))
        plant.ready(*new)
        leave(old.pop())
        send("old", "new")

        plant.ready(plant.worker("old"))
        leave(new.pop())
        send("old", "new")
        account = producers.account()

    account.settle(plant, seconds=400, handed_back=3)
    origins = Counter((name[:3], side) for name, side, _ in plant.runs())
    assert origins.keys() == {("old", "old"), ("old", "new"), ("new", "old"), ("new", "new")}

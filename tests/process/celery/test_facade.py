"""Tasks of the facade on real Celery workers, beside those of the old code."""

from __future__ import annotations

import pytest

from tests.process.celery.plant import Plant

pytestmark = pytest.mark.process
on_redis = pytest.mark.parametrize("plant", ["redis"], indirect=True)


@on_redis
def test_workers_of_the_facade_run_what_either_side_sends(plant: Plant) -> None:
    plant.ready(plant.worker("new"))
    (old,) = plant.run("old", "give([prune.delay('from old', 1).id])")
    told = plant.run(
        "new",
        "from compat.celery.facade import AsyncResult, chord\n"
        "sent = prune.apply_async(('from new', 2))\n"
        "value = sent.get(timeout=50)\n"
        f"before = AsyncResult({old!r})\n"
        "chord([square.s(number) for number in range(4)])(gather.s())\n"
        "give([sent.id, sent.state, value, before.get(timeout=50), before.name])",
    )

    new, *_ = told
    assert told[1:] == [
        "SUCCESS",
        [new, "garden.prune", 2],
        [old, "garden.prune", 1],
        "garden.prune",
    ]
    plant.ran("gathered [0, 1, 4, 9]")


@on_redis
def test_old_workers_run_what_the_facade_sends(plant: Plant) -> None:
    plant.ready(plant.worker("old"))

    state, value = plant.run(
        "new",
        "sent = prune.delay('from new', 1)\n"
        "value = sent.get(timeout=50)\n"
        "give([sent.state, value])",
    )

    assert state == "SUCCESS"
    assert value[1:] == ["garden.prune", 1]
    assert [side for _, side, _ in plant.runs()] == ["old", "old"]

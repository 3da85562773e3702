"""Bodies that kill their process, leave it, or give and raise what nothing can carry."""

from __future__ import annotations

import pytest

from tests.process.celery.plant import Plant

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True),
]
LOST = "bridge.exceptions.WorkerLost"
TROUBLE = "from plant.trouble import *\n"


@pytest.fixture(autouse=True)
def _short_lease(plant: Plant) -> None:
    plant.environment["PLANT_LEASE"] = "3"


def ends_of(plant: Plant, enqueue: str, *kinds: str) -> dict[str, str]:
    """Enqueue a task for each kind; return the classes of their errors."""
    ids = plant.run("new", f"{TROUBLE}give([{enqueue}.enqueue(k).id for k in {kinds!r}])")
    rows = plant.settled(*ids)
    assert {row["status"] for row in rows} == {"FAILED"}
    assert {len(row["errors"]) for row in rows} == {1}
    states = plant.run(
        "old",
        "from celery.result import AsyncResult\n"
        f"give([AsyncResult(i).get(propagate=False, timeout=20) and AsyncResult(i).state"
        f" for i in {ids!r}])",
    )
    assert states == ["FAILURE"] * len(ids)
    classes = [row["errors"][0]["exception_class_path"] for row in rows]
    return dict(zip(kinds, classes, strict=True))


def test_poison_is_given_up_and_the_worker_lives_on(plant: Plant) -> None:
    plant.ready(plant.worker("new"))

    poison, vanished = plant.run(
        "new", f"{TROUBLE}give([poison.enqueue('poison').id, vanish.enqueue('vanish').id])"
    )

    first, second = plant.settled(poison, vanished, seconds=90)
    most = plant.run("new", "give(note.get_backend().max_losses)")
    assert (first["status"], first["losses"]) == ("FAILED", most)
    assert [error["exception_class_path"] for error in first["errors"]] == [LOST] * most
    assert (second["status"], second["errors"][0]["exception_class_path"]) == ("FAILED", LOST)
    plant.run("new", "note.enqueue('next')")
    plant.ran("next")
    names = [name for name, _, _ in plant.runs()]
    assert (names.count("poison"), names.count("vanish")) == (most, 1)


def test_what_no_result_can_hold_fails_its_task(plant: Plant) -> None:
    plant.ready(plant.worker("new"))

    kinds = ("object", "function", "set", "keys", "generator", "exception")

    assert ends_of(plant, "give_back", *kinds) == dict.fromkeys(kinds, "builtins.TypeError")


def test_what_is_raised_is_told_and_nothing_runs_again(plant: Plant) -> None:
    """Celery's own words from a body: an end, as for any other exception."""
    worker = plant.worker("new")
    plant.ready(worker)

    ends = ends_of(
        plant,
        "throw",
        "SystemExit",
        "KeyboardInterrupt",
        "GeneratorExit",
        "Stubborn",
        "Ignore",
        "Reject",
        "requeued",
        "Retry",
    )

    assert ends == {
        "SystemExit": "builtins.SystemExit",
        "KeyboardInterrupt": "builtins.KeyboardInterrupt",
        "GeneratorExit": "builtins.GeneratorExit",
        "Stubborn": "plant.trouble.Stubborn",
        "Ignore": "celery.exceptions.Ignore",
        "Reject": "celery.exceptions.Reject",
        "requeued": "celery.exceptions.Reject",
        "Retry": "celery.exceptions.Retry",
    }
    (starved,) = plant.settled(plant.run("new", f"{TROUBLE}give(hog.enqueue().id)"))
    assert starved["errors"][0]["exception_class_path"] == "builtins.MemoryError"
    assert sorted(name for name, _, _ in plant.runs()) == sorted(ends)
    assert "message dropped" not in worker.output()

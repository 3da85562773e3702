"""Hooks and batches over Celery workers and db_workers at once."""

from __future__ import annotations

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = pytest.mark.process
over_brokers = pytest.mark.parametrize("plant", ["filesystem", "redis"], indirect=True)
without_server = pytest.mark.parametrize("plant", ["filesystem"], indirect=True)

CHAIN = (
    "from bridge import RETURN_VALUE\n"
    "then = None\n"
    "for alias in reversed(['db', 'default', 'db', 'default']):\n"
    "    then = grow.using(backend=alias, on_success=then).hook(RETURN_VALUE)\n"
    "give(grow.using(backend={first!r}, on_success=then).enqueue(1).id)"
)


@over_brokers
def test_chain_of_five_goes_from_celery_to_the_database_and_back(plant: Plant) -> None:
    plant.ready(plant.worker("new"))
    plant.db_worker("--backend", "db")

    plant.run("new", CHAIN.format(first="default"))
    runs = plant.ran("1", "2", "3", "4", "5")

    assert [name for name, _, _ in runs] == ["1", "2", "3", "4", "5"]
    rows = (
        wait_for(
            lambda: [row for row in plant.rows() if row["status"] == "SUCCESSFUL"][4:],
            "the last one",
        )
        and plant.rows()
    )
    assert [row["return_value"] for row in rows] == [2, 3, 4, 5, 6]
    assert [row["transport"] for row in rows] == ["celery", "db", "celery", "db", "celery"]


@without_server
def test_db_worker_sends_the_message_of_what_follows_itself(plant: Plant) -> None:
    plant.db_worker("--backend", "db")

    plant.run("new", "grow.using(backend='db', on_success=note.hook('after')).enqueue(1)")

    # No Celery worker is there whose relay would.
    wait_for(lambda: [row for row in plant.rows() if row["published_at"]], "the message")
    plant.ready(plant.worker("new"))
    plant.ran("after")


@without_server
def test_message_of_a_follow_up_that_nobody_sent_is_sent_by_the_relay(plant: Plant) -> None:
    plant.run(
        "new",
        "from bridge.backends import follow_ups\n"
        "from bridge.interface import task_backends\n"
        "follow_ups._dispatch = lambda *arguments: None\n"  # as if the process had died
        "grow.using(backend='db', on_success=note.hook('after')).enqueue(1)\n"
        "store = task_backends['db'].store\n"
        "(row,) = store.claim(transport='db', worker='w', worker_id='w')\n"
        "assert store.succeed(row, 2)",
    )
    assert [row["published_at"] for row in plant.rows()] == [None, None]

    plant.ready(plant.worker("new"))

    plant.ran("after", seconds=40)


@without_server
def test_message_of_old_code_brings_about_what_its_task_declares(plant: Plant) -> None:
    plant.run("old", "seed.delay('sown')")
    plant.ready(plant.worker("new"))

    assert [name for name, _, _ in plant.ran("sown", "grown")] == ["sown", "grown"]


@without_server
def test_batch_over_both_is_complete_when_both_have_finished(plant: Plant) -> None:
    celery_worker = plant.worker("new")
    plant.ready(celery_worker)
    batch, last = plant.run(
        "new",
        "from bridge import enqueue_batch\n"
        "made = enqueue_batch([grow.hook(1), grow.using(backend='db').hook(2), broken.hook('x')],"
        " on_complete=note.using(backend='db'))\n"
        "give([made.batch_id, made.ids[2]])",
    )
    plant.settled(last)
    assert not [run for run in plant.runs() if run[0] == batch]

    plant.db_worker("--backend", "db")

    assert len(plant.ran(batch)) == 1


CANVAS = (
    "from celery import chain, chord, group\n"
    "from compat.celery.legacy import celery_task as c\n"
    "give([r.get(timeout=30) for r in [\n"
    "  (c(grow).s(1) | c(grow).s() | c(flaky).si('retried', 1)).apply_async(),\n"
    "  chord([c(grow).s(1), c(grow).s(2)], c(total).s()).apply_async(),\n"
    "  group(c(water).s('w'), c(who).s()).apply_async(),\n"
    "  c(note).apply_async(('late',), countdown=0.5, headers={'tenant': 'a'}, task_id='0' * 32),\n"
    "]])"
)


@pytest.mark.parametrize("plant", ["redis"], indirect=True)
def test_canvas_of_converted_tasks_runs_in_celery_workers(plant: Plant) -> None:
    plant.ready(plant.worker("new"))

    chained, summed, (watered, (attempt, task_id, path)), late = plant.run("new", CANVAS)

    assert [chained, summed, watered, late] == [1, 5, None, "late"]
    assert [attempt, path] == [1, "plant.tasks.who"]
    rows = plant.rows()
    assert {row["status"] for row in rows} == {"SUCCESSFUL"}
    assert {row["transport"] for row in rows} == {"celery"}
    assert plant.row(task_id)["return_value"] == [attempt, task_id, path]
    assert plant.row("0" * 32)["return_value"] == "late"
    assert {"retried#1", "retried#2", "w", "late"} <= {name for name, _, _ in plant.runs()}


HALF = (
    "from celery import chain, chord\n"
    "give([r.get(timeout=50) for r in [\n"
    "  chain(grow.s(1), stay.s(10), grow.s()).apply_async(),\n"
    "  chord([grow.s(n) for n in range(3)])(stay.s([0])),\n"
    "  chord([stay.s(n, 1) for n in range(3)])(total.s()),\n"
    "]])"
)


@pytest.mark.parametrize("plant", ["redis"], indirect=True)
@pytest.mark.parametrize("sides", [["new"], ["old", "new"]], ids=["new", "both"])
def test_canvas_of_old_code_goes_on_when_some_of_its_tasks_are_converted(
    plant: Plant, sides: list[str]
) -> None:
    plant.ready(*[plant.worker(side) for side in sides])

    assert plant.run("old", HALF) == [13, [1, 2, 3, 0], 6]

    assert {row["transport"] for row in plant.rows()} <= {"celery"}

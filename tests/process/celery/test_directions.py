"""Old and new code on one broker: either one runs the other's messages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = pytest.mark.process
every_broker = pytest.mark.parametrize("plant", ["filesystem", "redis", "rabbitmq"], indirect=True)
without_server = pytest.mark.parametrize("plant", ["filesystem"], indirect=True)


@every_broker
def test_new_worker_runs_what_old_code_sent_before_the_rewrite(plant: Plant) -> None:
    before, *ids = plant.run(
        "old",
        "give([datetime.now(UTC).isoformat(),"
        " note.apply_async(('eta',), countdown=2).id, note.delay('now').id,"
        " water.delay('custom name').id, flaky.delay('again', 2).id,"
        " kind.delay(datetime.now()).id, broken.delay('broken').id])",
    )
    plant.ready(plant.worker("new"))

    rows = plant.settled(*ids)

    assert [row["status"] for row in rows] == ["SUCCESSFUL"] * 5 + ["FAILED"]
    assert [row["task_path"] for row in rows[:3]] == [
        "plant.tasks.note",
        "plant.tasks.note",
        "plant.tasks.water",
    ]
    assert [row["return_value"] for row in rows] == ["eta", "now", None, 2, "datetime", None]
    assert rows[5]["errors"][0]["exception_class_path"] == "builtins.LookupError"
    assert {row["enqueued_at"] for row in rows} == {None}  # no message says when it was sent
    started_at = datetime.fromisoformat(rows[0]["started_at"]).replace(tzinfo=UTC)
    assert started_at - datetime.fromisoformat(before) >= timedelta(seconds=2)
    names = ["eta", "now", "custom name", "again#1", "again#2", "again#3"]
    assert Counter(name for name, _, _ in plant.runs()) == Counter(names)
    legacy = plant.run(
        "old",
        "from celery.result import AsyncResult as A\n"
        f"*done, failed = [A(i) for i in {ids!r}]\n"
        "give([result.get(timeout=5) for result in done] + [failed.state])",
    )
    assert legacy == ["eta", "now", None, 2, "datetime", "FAILURE"]


@every_broker
def test_old_worker_runs_what_new_code_sent_and_its_results_arrive(plant: Plant) -> None:
    plant.environment["PLANT_TIMEZONE"] = "Asia/Tokyo"
    ids = plant.run(
        "new",
        "later = note.using(run_after=timedelta(seconds=2))\n"
        "give([later.enqueue('eta').id, note.enqueue('now').id, water.enqueue('custom name').id,"
        " flaky.enqueue('again', 2).id, broken.enqueue('broken').id])",
    )
    plant.ready(plant.worker("old"))
    plant.ran("eta", "now", "custom name", "again#1", "again#2", "again#3")

    def states() -> list[list[object]]:
        results = plant.run(
            "new",
            "from bridge.interface import task_backends\n"
            f"results = [task_backends['default'].get_result(i) for i in {ids!r}]\n"
            "give([[str(r.status), r.is_finished and r.status == 'SUCCESSFUL' and r.return_value,"
            " [e.exception_class_path for e in r.errors],"
            " abs((datetime.now(UTC) - r.finished_at).total_seconds()) < 60"
            "  if r.finished_at else None] for r in results])",
        )
        return results if all(state[3] for state in results) else []

    assert wait_for(states, "results of the old worker") == [
        ["SUCCESSFUL", "eta", [], True],
        ["SUCCESSFUL", "now", [], True],
        ["SUCCESSFUL", None, [], True],
        ["SUCCESSFUL", 2, [], True],
        ["FAILED", False, ["builtins.LookupError"], True],
    ]
    assert Counter(side for _, side, _ in plant.runs()) == {"old": 6}


@every_broker
def test_side_by_side_both_run_some_and_each_task_once(plant: Plant) -> None:
    plant.ready(plant.worker("old"), plant.worker("new"))
    count = 60
    plant.run(
        "old", f"for i in range({count}): note.delay(f'o{{i}}', .02); water.delay(f'wo{{i}}')"
    )
    plant.run(
        "new", f"for i in range({count}): note.enqueue(f'n{{i}}', .02); water.enqueue(f'wn{{i}}')"
    )

    names = [f"{kind}{i}" for kind in ("o", "wo", "n", "wn") for i in range(count)]
    runs = plant.ran(*names, seconds=60)

    assert Counter(name for name, _, _ in runs) == Counter(names)
    crossed = Counter((name.strip("w0123456789"), side) for name, side, _ in runs)
    assert set(crossed) == {("o", "old"), ("o", "new"), ("n", "old"), ("n", "new")}


@without_server
def test_retries_cross_between_old_and_new_workers(plant: Plant) -> None:
    """Attempts of one task run on both sides, and the new side knows how many there were."""
    old, new = plant.worker("old", size=1), plant.worker("new", size=1)
    plant.ready(old, new)
    names = [f"{who}{i}" for who in "on" for i in range(8)]
    plant.run("old", "for i in range(8): flaky.delay(f'o{i}', 2)")
    plant.run("new", "for i in range(8): flaky.enqueue(f'n{i}', 2)")

    runs = plant.ran(*[f"{name}#{attempt}" for name in names for attempt in (1, 2, 3)])

    assert len(runs) == len(names) * 3
    sides = [{side for run, side, _ in runs if run.startswith(f"{name}#")} for name in names]
    assert {"old", "new"} in sides


@without_server
@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
def test_results_are_true_in_another_process(plant: Plant, pool: str) -> None:
    plant.ready(plant.worker("new", pool=pool))

    ids = plant.run(
        "new", "give([who.enqueue().id, flaky.enqueue('f', 2).id, note.enqueue('n', seconds=1).id])"
    )
    context, flaky, note = plant.settled(*ids)

    assert context["return_value"] == [1, ids[0], "plant.tasks.who"]
    assert flaky["status"] == "SUCCESSFUL"
    assert [error["exception_class_path"] for error in flaky["errors"]] == [
        "builtins.ConnectionError"
    ] * 2
    pids = [pid for name, _, pid in plant.runs() if name.startswith("f#")]
    assert [worker.rpartition(":")[2] for worker in flaky["worker_ids"]] == pids
    times = ("enqueued_at", "started_at", "last_attempted_at", "finished_at")
    moments = [datetime.fromisoformat(note[name]) for name in times]
    assert moments == sorted(moments)
    assert timedelta(seconds=1) <= moments[3] - moments[2] < timedelta(seconds=60)
    assert note["worker"] is None


@without_server
def test_command_line_and_registered_names_are_the_old_ones(plant: Plant) -> None:
    worker = plant.worker("new")
    plant.ready(worker)

    for name in ("garden.water", "plant.tasks.water", "plant.tasks.note"):
        assert f". {name}\n" in worker.output()

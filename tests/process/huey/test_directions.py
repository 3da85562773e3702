"""Old and new code on one Huey: either one runs the other's messages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.process.huey.plant import HueyPlant
from tests.process.project import wait_for

pytestmark = pytest.mark.process
every_storage = pytest.mark.parametrize("plant", ["sqlite", "redis", "postgres"], indirect=True)
without_server = pytest.mark.parametrize("plant", ["sqlite"], indirect=True)


@every_storage
def test_new_consumer_runs_what_old_code_sent_before_the_rewrite(plant: HueyPlant) -> None:
    before, *ids = plant.run(
        "old",
        "give([datetime.now(UTC).isoformat(),"
        " note.schedule(('eta',), delay=2).id, note('now').id, water('custom name').id,"
        " flaky('again', 2).id, kind(datetime.now()).id, broken('broken').id])",
    )
    plant.consumer("new")

    rows = plant.settled(*ids)

    assert [row["status"] for row in rows] == ["SUCCESSFUL"] * 5 + ["FAILED"]
    assert [row["task_path"] for row in rows[:3]] == [
        "plant.tasks.note",
        "plant.tasks.note",
        "plant.tasks.water",
    ]
    assert [row["return_value"] for row in rows[:5]] == ["eta", "now", "custom name", 2, "datetime"]
    assert rows[5]["errors"][0]["exception_class_path"] == "builtins.LookupError"
    assert {row["enqueued_at"] for row in rows} == {None}  # no message says when it was sent
    started_at = datetime.fromisoformat(rows[0]["started_at"]).replace(tzinfo=UTC)
    assert started_at - datetime.fromisoformat(before) >= timedelta(seconds=2)
    names = ["eta", "now", "custom name", "again#1", "again#2", "again#3"]
    assert Counter(name for name, _, _ in plant.runs()) == Counter(names)
    legacy = plant.run(
        "old",
        "from huey.contrib.djhuey import HUEY\n"
        "from huey.exceptions import TaskException\n"
        f"*done, failed = {ids!r}\n"
        "values = [HUEY.result(i, blocking=True, timeout=5) for i in done]\n"
        "try: HUEY.result(failed)\n"
        "except TaskException as error: give(values + [str(error)])",
    )
    assert legacy == ["eta", "now", "custom name", 2, "datetime", "LookupError('broken')"]


@every_storage
def test_old_consumer_runs_what_new_code_sent_and_its_results_arrive(plant: HueyPlant) -> None:
    ids = plant.run(
        "new",
        "later = note.using(run_after=timedelta(seconds=2))\n"
        "give([later.enqueue('eta').id, note.enqueue('now').id, water.enqueue('custom name').id,"
        " flaky.enqueue('again', 2).id, broken.enqueue('broken').id])",
    )
    plant.consumer("old")
    plant.ran("eta", "now", "custom name", "again#1", "again#2", "again#3")

    def states() -> list[list[object]]:
        results = plant.run(
            "new",
            "from bridge.interface import task_backends\n"
            f"results = [task_backends['default'].get_result(i) for i in {ids!r}]\n"
            "give([[str(r.status), r.status == 'SUCCESSFUL' and r.return_value,"
            " [e.exception_class_path for e in r.errors], r.is_finished] for r in results])",
        )
        return results if all(state[3] for state in results) else []

    assert wait_for(states, "results of the old consumer") == [
        ["SUCCESSFUL", "eta", [], True],
        ["SUCCESSFUL", "now", [], True],
        ["SUCCESSFUL", "custom name", [], True],
        ["SUCCESSFUL", 2, [], True],
        ["FAILED", False, ["builtins.LookupError"], True],
    ]
    assert Counter(side for _, side, _ in plant.runs()) == {"old": 6}
    kept = plant.run(
        "old",
        f"from huey.contrib.djhuey import HUEY\ngive([HUEY.result(i) for i in {ids[:4]!r}])",
    )
    assert kept == ["eta", "now", "custom name", 2]  # whoever of the old code waits gets it too


@every_storage
def test_side_by_side_both_run_some_and_each_task_once(plant: HueyPlant) -> None:
    plant.consumer("old")
    plant.consumer("new")
    count = 40
    plant.run("old", f"for i in range({count}): note(f'o{{i}}', .05); water(f'wo{{i}}')")
    plant.run(
        "new", f"for i in range({count}): note.enqueue(f'n{{i}}', .05); water.enqueue(f'wn{{i}}')"
    )

    names = [f"{kind}{i}" for kind in ("o", "wo", "n", "wn") for i in range(count)]
    runs = plant.ran(*names, seconds=90)

    assert Counter(name for name, _, _ in runs) == Counter(names)
    crossed = Counter((name.strip("w0123456789"), side) for name, side, _ in runs)
    assert set(crossed) == {("o", "old"), ("o", "new"), ("n", "old"), ("n", "new")}


@every_storage
def test_pipelines_and_chords_of_old_code_go_on_in_a_new_consumer(plant: HueyPlant) -> None:
    plant.run(
        "old",
        "from huey import chord\n"
        "from huey.contrib.djhuey import HUEY\n"
        "HUEY.enqueue(pair.s(1).then(total).then(note))\n"
        "HUEY.enqueue(chord([kind.s(1), note.s('two')], collect.s()))\n"
        "HUEY.enqueue(broken.s('oh').error(sorry))",
    )
    plant.consumer("new")

    names = ["total 1 2", "3", "collected ['int', 'two']", "sorry oh"]
    runs = plant.ran(*names)

    assert Counter(name for name, _, _ in runs) == Counter(names)
    assert {side for _, side, _ in runs} == {"new"}


@without_server
def test_retries_cross_between_old_and_new_consumers(plant: HueyPlant) -> None:
    plant.consumer("old", size=1)
    plant.consumer("new", size=1)
    names = [f"{who}{i}" for who in "on" for i in range(8)]
    plant.run("old", "for i in range(8): flaky(f'o{i}', 2)")
    plant.run("new", "for i in range(8): flaky.enqueue(f'n{i}', 2)")

    runs = plant.ran(*[f"{name}#{attempt}" for name in names for attempt in (1, 2, 3)])

    assert len(runs) == len(names) * 3
    sides = [{side for run, side, _ in runs if run.startswith(f"{name}#")} for name in names]
    assert {"old", "new"} in sides


@without_server
def test_message_of_old_code_is_repeated_as_often_as_it_says(plant: HueyPlant) -> None:
    once, never = plant.run(
        "old",
        "from huey.contrib.djhuey import HUEY\n"
        "give([HUEY.enqueue(flaky.s('once', 9, retries=1)).id,"
        " HUEY.enqueue(flaky.s('never', 9, retries=0)).id])",
    )
    plant.consumer("new")

    assert [len(row["errors"]) for row in plant.settled(once, never)] == [2, 1]


@without_server
@pytest.mark.parametrize("kind", ["thread", "process"])
def test_results_are_true_in_another_process(plant: HueyPlant, kind: str) -> None:
    plant.consumer("new", kind=kind)

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

"""What a worker takes at once, and what it lets go again."""

from __future__ import annotations

import signal
import time
from datetime import datetime
from typing import Any

import pytest

from tests.process.project import Project, wait_for

pytestmark = pytest.mark.process


def moment(row: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(row[name])


def test_tasks_behind_a_long_one_go_to_another_worker_at_once(project: Project) -> None:
    project.run(
        "[add.enqueue(1, 2) for _ in range(200)]\n"
        "linger_fail.enqueue('long', 5)\n"
        "[note.enqueue(str(i)) for i in range(50)]"
    )
    project.worker()
    project.wait_for_runs(1)
    project.worker()

    rows = wait_for(
        lambda: (
            len(rows := [r for r in project.rows() if r["status"] == "SUCCESSFUL"]) >= 250 and rows
        ),
        "the end of the short tasks",
    )

    assert [row["worker_ids"] for row in rows if len(row["worker_ids"]) != 1] == []
    (long,) = [row for row in project.rows() if row["task_path"].endswith("linger_fail")]
    assert long["status"] == "RUNNING"
    assert len({row["worker_ids"][0] for row in rows}) == 2


def test_long_tasks_are_shared_one_by_one(project: Project) -> None:
    project.run("[linger_fail.enqueue(str(i), 0.5) for i in range(8)]")

    workers = [project.worker("--batch") for _ in range(2)]

    assert [worker.exit_code() for worker in workers] == [0, 0]
    shares = [row["worker_ids"][0] for row in project.rows()]
    assert len(set(shares)) == 2
    assert min(shares.count(name) for name in set(shares)) >= 3


def test_waiting_tasks_go_back_on_sigterm_and_count_no_attempt(project: Project) -> None:
    project.run(
        "[add.enqueue(1, 2) for _ in range(300)]\n"
        "linger_fail.enqueue('long', 1.5)\n"
        "[note.enqueue(str(i)) for i in range(100)]"
    )
    worker = project.worker()
    project.wait_for_runs(1)

    worker.signal(signal.SIGTERM)

    assert worker.exit_code() == 0
    rows = project.rows()
    (long,) = [row for row in rows if row["task_path"].endswith("linger_fail")]
    assert long["status"] == "SUCCESSFUL"
    notes = [row for row in rows if row["task_path"].endswith("note")]
    assert {(row["status"], len(row["worker_ids"])) for row in notes} == {("READY", 0)}
    assert {row["started_at"] for row in notes} == {None}


def test_coroutines_share_one_loop_and_threads_go_on_beside_it(project: Project) -> None:
    project.run(
        "[sleep_later.enqueue(str(i), 1.0) for i in range(20)]\n"
        "[linger_fail.enqueue(f'sync{i}', 0.2) for i in range(5)]"
    )

    worker = project.worker("--batch", "--concurrency", "10")

    assert worker.exit_code() == 0
    rows = project.rows()
    assert {row["status"] for row in rows} == {"SUCCESSFUL"}
    spans = [
        (moment(row, "last_attempted_at"), moment(row, "finished_at"))
        for row in rows
        if row["task_path"].endswith("sleep_later")
    ]
    at_once = max(sum(begin <= now < end for begin, end in spans) for now, _ in spans)
    assert 5 <= at_once <= 10


def test_one_coroutine_at_a_time_runs_with_a_concurrency_of_one(project: Project) -> None:
    project.run("[sleep_later.enqueue(str(i), 0.2) for i in range(5)]")
    started = time.monotonic()

    assert project.worker("--batch").exit_code() == 0

    assert time.monotonic() - started >= 1.0
    assert sorted(project.runs()) == ["0", "1", "2", "3", "4"]
    assert {row["return_value"] for row in project.rows()} == {"0", "1", "2", "3", "4"}


def test_coroutine_past_its_timeout_fails_and_its_neighbours_do_not(project: Project) -> None:
    project.run("too_slow_later.enqueue(); sleep_later.enqueue('neighbour', 0.6)")

    assert project.worker("--batch", "--concurrency", "2").exit_code() == 0

    slow, neighbour = project.rows()
    assert slow["errors"][0]["exception_class_path"] == "bridge.exceptions.TaskTimeout"
    assert (neighbour["status"], neighbour["return_value"]) == ("SUCCESSFUL", "neighbour")


def test_idle_worker_gets_up_for_a_deferred_task_and_not_at_its_next_look(
    project: Project,
) -> None:
    project.worker("--interval", "30")
    project.run("note.enqueue('first')")
    project.wait_for_runs(1)
    time.sleep(0.5)

    project.run(
        "from datetime import timedelta\n"
        "note.using(run_after=timedelta(seconds=0.5)).enqueue('later')"
    )
    project.wait_for_runs(2)

    later = wait_for(
        lambda: (row := project.rows()[1])["status"] == "SUCCESSFUL" and row, "its outcome"
    )
    late = moment(later, "started_at") - moment(later, "run_after")
    assert 0 <= late.total_seconds() < 15


def test_children_of_a_killed_supervisor_store_what_ended_and_give_back_the_rest(
    project: Project,
) -> None:
    project.run("note_fail.enqueue('first'); add.enqueue_many((1, n) for n in range(20000))")
    worker = project.worker()
    project.wait_for_runs(1)

    worker.signal(signal.SIGKILL)

    count = "give(TaskRow.objects.filter(status=%r).count())"
    wait_for(lambda: project.run(count % "RUNNING") == 0, "the end of the batch", seconds=2.5)
    assert project.run(count % "READY") > 0
    assert project.run(count % "FAILED") == 0

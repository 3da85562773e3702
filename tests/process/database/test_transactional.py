"""What a transactional task does to the database of the ledger is done once, or not at all."""

from __future__ import annotations

import os
import signal
from collections import Counter

import pytest

from tests.process.project import Project, wait_for

pytestmark = pytest.mark.process
TASKS = "from tests.app.transactional import *\n"
MANY = 400


def test_body_and_success_appear_together(project: Project) -> None:
    """At no moment can one be seen without the other."""
    project.run(TASKS + "record.enqueue('a', 1)")
    project.worker()

    wait_for(lambda: project.row()["status"] == "RUNNING", "the start")
    look = (
        "from django.db.models import Exists\n"
        "runs = Exists(Run.objects.all())\n"
        "give(list(TaskRow.objects.annotate(runs=runs).values_list('status', 'runs')[0]))"
    )
    seen = []
    while not seen or seen[-1][0] != "SUCCESSFUL":
        seen.append(project.run(look))

    assert [runs for _, runs in seen] == [status == "SUCCESSFUL" for status, _ in seen]
    assert (project.runs(), project.row()["return_value"]) == (["a"], "a")


def test_body_of_a_process_that_dies_is_undone_and_runs_again(project: Project) -> None:
    project.run(TASKS + "record_and_die_at_first.enqueue('a')")

    assert project.worker("--batch").exit_code() == 0

    assert project.runs() == ["a"]
    row = project.row()
    assert (row["status"], len(row["worker_ids"]), row["losses"]) == ("SUCCESSFUL", 2, 1)


def test_failure_undoes_the_body_and_is_stored(project: Project) -> None:
    project.run(TASKS + "record_and_fail.enqueue('a')")

    assert project.worker("--batch").exit_code() == 0

    assert project.runs() == []
    row = project.row()
    assert row["status"] == "FAILED"
    assert row["errors"][0]["exception_class_path"] == "builtins.ValueError"


def test_every_attempt_but_the_last_is_undone(project: Project) -> None:
    project.run(TASKS + "record_at_third_attempt.enqueue('a')")

    assert project.worker("--batch").exit_code() == 0

    assert (project.runs(), len(project.row()["errors"])) == (["a 3"], 2)


def test_transaction_left_open_inside_fails_the_task_and_no_other(project: Project) -> None:
    project.run(TASKS + "record_and_leave_open.enqueue('a'); record.enqueue('b')")

    assert project.worker("--batch").exit_code() == 0

    first, second = project.rows()
    assert (project.runs(), first["status"], second["status"]) == (["b"], "FAILED", "SUCCESSFUL")
    assert "TransactionLeftOpen" in first["errors"][0]["exception_class_path"]


@pytest.mark.parametrize("project", ["postgres", "mariadb"], indirect=True)
def test_task_that_others_took_over_is_undone(project: Project) -> None:
    """The claim is checked in the transaction of the body; on SQLite nobody writes meanwhile."""
    project.run(TASKS + "record.enqueue('a', 1)")
    worker = project.worker()
    wait_for(lambda: project.row()["status"] == "RUNNING", "the start")

    project.run(
        "WorkerRow.objects.create(id='another', transport='db', started_at='2020-01-01T00:00Z',"
        " expires_at='2120-01-01T00:00Z')\n"
        "TaskRow.objects.update(token=7, worker='another')"
    )
    wait_for(lambda: "dropped" in worker.output(), "the end of the body")

    assert (project.runs(), project.row()["worker"]) == ([], "another")


@pytest.mark.parametrize("project", ["postgres", "sqlite"], indirect=True)
def test_many_deaths_leave_each_effect_exactly_once(project: Project) -> None:
    project.run(TASKS + f"record.enqueue_many([(str(n), 0.002) for n in range({MANY})])")
    worker = project.worker("--processes", "2")
    for done in range(20, MANY, 60):
        project.wait_for_runs(done)
        children = _children(worker.popen.pid)
        os.kill(children[done % len(children)], signal.SIGKILL)

    wait_for(lambda: set(_statuses(project)) == {"SUCCESSFUL"}, "the end", seconds=90)

    assert Counter(project.runs()) == Counter(str(number) for number in range(MANY))
    assert project.run("give(TaskRow.objects.filter(losses__gt=0).count())") > 0


def _statuses(project: Project) -> list[str]:
    statuses: list[str] = project.run(
        "give(list(TaskRow.objects.values_list('status', flat=True).distinct()))"
    )
    return statuses


def _children(pid: int) -> list[int]:
    def look() -> list[int]:
        with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
            return [int(each) for each in file.read().split()]

    return wait_for(look, "a child process")


def test_error_after_the_commit_is_logged_and_the_task_is_done(project: Project) -> None:
    project.run(TASKS + "record_and_stumble_after_commit.enqueue('a')")
    worker = project.worker("--batch")

    assert worker.exit_code() == 0

    row = project.row()
    assert (project.runs(), row["status"], row["errors"]) == (["a"], "SUCCESSFUL", [])
    assert f"task={row['id']} is done; what it left to on_commit() raised" in worker.output()
    assert "ZeroDivisionError: after the commit" in worker.output()
    assert "dropped" not in worker.output()
    assert "state=SUCCESSFUL" in worker.output()

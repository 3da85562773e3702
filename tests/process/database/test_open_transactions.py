"""A worker, and what the open transaction of a user keeps locked: everything else goes on."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

import pytest

from tests.process.project import Project, wait_for

pytestmark = [
    pytest.mark.process,
    # SQLite locks the whole file or nothing.
    pytest.mark.parametrize("project", ["postgres", "mariadb"], indirect=True),
]

STAY = """
import builtins, threading
from django.db import connection, transaction
from bridge.interface import task_backends
builtins.leave = threading.Event()
there = threading.Event()
def stay():
    with transaction.atomic():
        {lock}
        there.set()
        builtins.leave.wait(120)
    connection.close()
threading.Thread(target=stay, daemon=True).start()
assert there.wait(60)
"""
LEAVE = "import builtins; builtins.leave.set()"


def hold(project: Project, lock: str) -> None:
    """Open a transaction that does something and stays open."""
    project.run(STAY.format(lock=lock))


def works(project: Project, *names: str) -> None:
    """Fail unless a worker runs new tasks, one after the other, and stores how they end."""
    for name in names:
        project.run(f"note.enqueue({name!r})")
        wait_for(lambda n=name: ended(project, [n]), f"the end of {name}", seconds=30)


def ended(project: Project, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of tasks with these first arguments, once all have ended."""
    rows = [row for row in project.rows() if row["args"] and row["args"][0] in names]
    return rows if len(rows) == len(names) and all(row["finished_at"] for row in rows) else []


def test_running_task_that_somebody_is_cancelling_stops_nobody_else(project: Project) -> None:
    project.worker("--concurrency", "2")
    project.run("end_when_told.enqueue('asked')")
    wait_for(lambda: project.row()["status"] == "RUNNING", "its start")
    hold(project, f"task_backends['default'].cancel({project.row()['id']!r})")
    project.run("Run.objects.create(name='end asked')")

    works(project, "first", "second", "third")

    (asked,) = [row for row in project.rows() if row["args"] == ["asked"]]
    assert (asked["status"], asked["worker"] is None) == ("RUNNING", False)
    project.run(LEAVE)
    (asked,) = wait_for(lambda: ended(project, ["asked"]), "the end of the task")
    assert (asked["status"], asked["return_value"]) == ("SUCCESSFUL", "asked")
    assert len(asked["worker_ids"]) == 1
    assert asked["cancel_requested_at"] is not None


def test_many_locked_rows_cost_a_worker_no_more_than_one(project: Project) -> None:
    project.worker("--concurrency", "20")
    names = [f"asked {index}" for index in range(20)]
    project.run("\n".join(f"end_when_told.enqueue({name!r})" for name in names))
    wait_for(lambda: {row["status"] for row in project.rows()} == {"RUNNING"}, "their start")
    ids = [str(row["id"]) for row in project.rows()]
    hold(project, f"task_backends['default'].cancel_many({ids!r})")
    project.run("\n".join(f"Run.objects.create(name='end {name}')" for name in names))

    works(project, "first", "second", "third")

    project.run(LEAVE)
    rows = wait_for(lambda: ended(project, names), "the end of the tasks")
    assert {(row["status"], len(row["worker_ids"])) for row in rows} == {("SUCCESSFUL", 1)}


def test_unique_key_that_somebody_is_writing_keeps_only_its_own_hook_waiting(
    project: Project,
) -> None:
    project.worker()
    hold(project, "only_one.enqueue('hook')")
    project.run("enqueues_a_unique_one.enqueue('waits')")
    wait_for(lambda: "waits" in project.runs(), "its run")

    works(project, "first", "second", "third")

    assert not ended(project, ["waits"])
    project.run(LEAVE)
    (row,) = wait_for(lambda: ended(project, ["waits"]), "the end of the task")
    assert (row["status"], len(row["worker_ids"])) == ("SUCCESSFUL", 1)
    wait_for(lambda: "hook" in project.runs(), "the unique task")


def test_batch_that_somebody_is_counting_keeps_only_its_own_tasks_waiting(
    project: Project,
) -> None:
    project.run(
        "from tests.app import hooks\n"
        "hooks.work.using(queue_name='slow').enqueue_many([(1, False), (2, False)],"
        " on_complete=hooks.collect.hook('complete'))"
    )
    waiting = [str(row["id"]) for row in project.rows()]
    hold(project, f"task_backends['default'].cancel({waiting[0]!r})")
    project.worker()

    works(project, "first", "second", "third")

    project.run(LEAVE)
    wait_for(lambda: "complete" in project.runs(), "the end of the batch")
    assert project.run(
        "from bridge.ledger.models import BatchRow\n"
        "give(list(BatchRow.objects.values_list('pending', 'failed')))"
    ) == [[0, 1]]


def test_worker_that_stops_leaves_what_is_locked_to_be_stored_as_it_ended(
    project: Project,
) -> None:
    worker = project.worker("--grace", "3")
    project.run("end_when_told.enqueue('asked')")
    wait_for(lambda: project.row()["status"] == "RUNNING", "its start")
    hold(project, f"task_backends['default'].cancel({project.row()['id']!r})")
    project.run("Run.objects.create(name='end asked')")
    works(project, "first")

    worker.signal(signal.SIGTERM)
    wait_for(lambda: "cannot settle the tasks" in worker.output(), "the end of its child")
    project.run(LEAVE)

    assert worker.exit_code() == 0
    (asked,) = ended(project, ["asked"])
    assert (asked["status"], asked["return_value"]) == ("SUCCESSFUL", "asked")

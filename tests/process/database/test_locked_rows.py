"""Rows that somebody keeps locked, and the lease of a worker that wants to end them."""

from __future__ import annotations

import os
import signal
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.process.project import Project, wait_for

pytestmark = [
    pytest.mark.process,
    # SQLite locks the whole file or nothing.
    pytest.mark.parametrize("project", ["postgres", "mariadb"], indirect=True),
]

CANCEL_AND_STAY = """
import builtins, threading
from django.db import connection, transaction
from bridge.interface import task_backends
builtins.leave = threading.Event()
cancelled = threading.Event()
def stay():
    with transaction.atomic():
        task_backends["default"].cancel({id!r})
        cancelled.set()
        builtins.leave.wait(120)
    connection.close()
threading.Thread(target=stay, daemon=True).start()
assert cancelled.wait(60)
"""


def test_worker_keeps_its_lease_while_a_task_to_settle_is_locked(project: Project) -> None:
    worker = project.worker("--processes", "2", "--concurrency", "1")
    project.run("linger_retry.enqueue('dies'); linger_retry.enqueue('stays')")
    pids = dict(run.split() for run in project.wait_for_runs(2))
    dying, staying = project.rows()
    project.run(CANCEL_AND_STAY.format(id=dying["id"]))

    os.kill(int(pids["dies"]), signal.SIGKILL)
    wait_for(
        lambda: "cannot settle the tasks of a child" in worker.output(), "the wait", seconds=60
    )
    before = _lease(project)

    wait_for(lambda: _lease(project) > before + timedelta(seconds=3), "a new lease", seconds=60)
    project.run("import builtins; builtins.leave.set()")
    dying = wait_for(lambda: _ended(project, dying), "the end of the cancelled task", seconds=60)
    assert [error["exception_class_path"] for error in dying["errors"]] == [
        "bridge.exceptions.WorkerLost",
        "bridge.exceptions.TaskCancelled",
    ]
    staying = _row(project, staying)
    assert (staying["status"], staying["losses"]) == ("RUNNING", 0)


def _lease(project: Project) -> datetime:
    return datetime.fromisoformat(project.run("give(WorkerRow.objects.get().expires_at)"))


def _row(project: Project, row: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in project.rows() if each["id"] == row["id"])


def _ended(project: Project, row: dict[str, Any]) -> dict[str, Any] | None:
    row = _row(project, row)
    return row if row["finished_at"] else None

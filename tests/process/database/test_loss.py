"""Whole workers that die in the middle of several tasks, and who settles what they held."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from tests.process.project import Project, wait_for

pytestmark = pytest.mark.process


@pytest.mark.parametrize("options", [[], ["--concurrency", "2"]], ids=["processes", "threads"])
def test_killed_supervisor_leaves_each_task_as_its_on_lost_says(
    project: Project, options: list[str]
) -> None:
    project.run("linger_fail.enqueue('once'); linger_retry.enqueue('often')")
    first = project.worker(*(options or ["--processes", "2"]))
    project.wait_for_runs(2)

    first.signal(signal.SIGKILL)  # it alone: its children end by themselves
    survivor = project.worker("--queue", "slow")  # it settles what it could not have claimed
    once, often = wait_for(lambda: _settled(project), "the settling", seconds=60)

    assert (once["status"], once["losses"], _errors(once)) == ("FAILED", 1, ["WorkerLost"])
    assert (often["status"], often["losses"], _errors(often)) == ("READY", 1, ["WorkerLost"])
    project.worker()
    wait_for(lambda: project.rows()[1]["status"] == "SUCCESSFUL", "the second run")
    assert len([run for run in project.runs() if run.startswith("once")]) == 1
    assert project.rows()[1]["return_value"] == "often"
    assert survivor.popen.poll() is None


def test_task_that_ended_before_its_worker_was_killed_is_not_lost(project: Project) -> None:
    project.run("linger_fail.enqueue('short', 0.2); linger_fail.enqueue('long')")
    first = project.worker("--concurrency", "2")
    wait_for(lambda: project.rows()[0]["status"] == "SUCCESSFUL", "the end of the short one")

    first.kill_all()
    project.worker()
    short, long = wait_for(lambda: _settled(project), "the settling", seconds=60)

    assert (short["status"], short["losses"], short["return_value"]) == ("SUCCESSFUL", 0, "short")
    assert (long["status"], _errors(long)) == ("FAILED", ["WorkerLost"])


def _settled(project: Project) -> list[dict[str, Any]] | None:
    rows = project.rows()
    return rows if all(row["status"] != "RUNNING" for row in rows) else None


def _errors(row: dict[str, Any]) -> list[str]:
    return [each["exception_class_path"].rpartition(".")[2] for each in row["errors"]]

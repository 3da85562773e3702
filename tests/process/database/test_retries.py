"""Tasks that run again, in real workers: when, how often, and what their result keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.process.project import Project, wait_for

pytestmark = pytest.mark.process
IMPORT = "from tests.app.retries import *;"


@pytest.mark.parametrize("concurrency", ["1", "3"])
def test_every_attempt_is_made_by_a_worker_and_its_error_kept(
    project: Project, concurrency: str
) -> None:
    project.run(f"{IMPORT} fail_in_three_ways.enqueue(); fail_until_never.enqueue()")

    assert project.worker("--batch", "--concurrency", concurrency).exit_code() == 0

    lucky, never = project.rows()
    assert (lucky["status"], lucky["return_value"], len(lucky["worker_ids"])) == (
        "SUCCESSFUL",
        4,
        4,
    )
    assert _errors(lucky) == ["ConnectionError", "TimeoutError", "LookupError"]
    assert (never["status"], len(never["worker_ids"])) == ("FAILED", 2)
    assert _errors(never) == ["ConnectionError", "TimeoutError"]
    assert (lucky["losses"], never["losses"]) == (0, 0)


def test_waits_grow_and_are_never_shorter_than_the_policy_says(project: Project) -> None:
    project.run(f"{IMPORT} back_off.enqueue('b')")
    project.worker()

    row = wait_for(lambda: (r := project.row())["status"] == "FAILED" and r, "the last attempt")

    first, second, third = _starts(project)
    assert second - first >= 0.4
    assert third - second >= 0.8
    assert _errors(row) == ["ConnectionError"] * 3


@pytest.mark.parametrize("how", ["number", "timedelta", "aware", "aware elsewhere", "naive"])
def test_body_says_in_how_long_or_when_it_runs_again(project: Project, how: str) -> None:
    project.run(f"{IMPORT} ask_for.enqueue({how!r})")
    project.worker()

    waiting = wait_for(lambda: (r := project.row())["errors"] and r, "the request")
    row = wait_for(lambda: (r := project.row())["status"] == "SUCCESSFUL" and r, "the second run")

    first, second = _starts(project)
    assert second - first >= 0.9  # the time was taken a moment after the start
    if waiting["status"] == "READY":
        run_after = datetime.fromisoformat(waiting["run_after"]).timestamp()
        assert run_after == pytest.approx(first + 1, abs=10)  # no time zone off
    assert (row["return_value"], _errors(row)) == (2, ["LookupError"])


@pytest.mark.parametrize("how", ["past", "negative"])
def test_time_that_has_passed_means_at_once(project: Project, how: str) -> None:
    project.run(f"{IMPORT} ask_for.enqueue({how!r})")

    assert project.worker("--batch").exit_code() == 0  # a batch does not wait

    row = project.row()
    assert (row["status"], row["return_value"]) == ("SUCCESSFUL", 2)


def _errors(row: dict[str, Any]) -> list[str]:
    return [error["exception_class_path"].removeprefix("builtins.") for error in row["errors"]]


def _starts(project: Project) -> list[float]:
    return [float(run.split()[-1]) for run in project.runs()]

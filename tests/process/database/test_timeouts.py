"""Tasks that run longer than they may, in real workers, and what becomes of those beside them."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import datetime
from typing import Any

import pytest

from tests.process.project import Process, Project, wait_for

pytestmark = pytest.mark.process
HARD = "bridge.exceptions.HardTimeout"
SOFT = "bridge.exceptions.TaskTimeout"
IMPORT = "from tests.app.overruns import *;"


def test_neighbours_of_a_hard_timeout_end_as_if_nothing_was(project: Project) -> None:
    worker = project.worker("--concurrency", "4", "--grace", "60")
    project.run(
        f"{IMPORT} hang.enqueue('h'); linger_fail.enqueue('f', 4); linger_retry.enqueue('r', 4)"
    )
    project.wait_for_runs(3)

    hung = wait_for(lambda: _is(project.rows()[0], "FAILED"), "the hard timeout")
    project.run("[note.enqueue('meanwhile') for _ in range(5)]")
    project.wait_for_runs(8)

    assert _errors(hung) == [HARD]
    assert [row["status"] for row in project.rows()[1:3]] == ["RUNNING", "RUNNING"]
    pid = _pid(project.runs()[0])
    wait_for(lambda: not _exists(pid), "the end of the process", seconds=20)
    _, *neighbours = wait_for(lambda: _all_ended(project), "the end of all")[:3]
    for row, name in zip(neighbours, "fr", strict=True):
        assert (row["status"], row["return_value"], row["losses"]) == ("SUCCESSFUL", name, 0)
        assert row["worker_ids"] == hung["worker_ids"]
    assert all(row["worker_ids"] != hung["worker_ids"] for row in project.rows()[3:])
    assert "another starts in" not in worker.output()
    assert "killed" not in worker.output()  # it went by itself


def test_neighbouring_coroutines_end_as_if_nothing_was(project: Project) -> None:
    project.worker("--concurrency", "3", "--grace", "60")
    project.run(f"{IMPORT} hang_later.enqueue('h'); sleep_later.enqueue('n', 3)")

    hung, neighbour = wait_for(lambda: _all_ended(project), "the end of both")

    assert _errors(hung) == [HARD]
    assert (neighbour["status"], neighbour["losses"]) == ("SUCCESSFUL", 0)
    assert hung["worker_ids"] == neighbour["worker_ids"]
    assert hung["finished_at"] < neighbour["finished_at"]


def test_neighbours_that_outlast_the_grace_are_lost_as_on_lost_says(project: Project) -> None:
    project.worker("--concurrency", "3", "--grace", "1")
    project.run(f"{IMPORT} hang.enqueue('h'); linger_fail.enqueue('f'); linger_retry.enqueue('r')")

    hung, failed, retried = wait_for(lambda: _all_ended(project), "the end of all")

    assert (hung["losses"], _errors(hung)) == (0, [HARD])
    assert (failed["status"], failed["losses"]) == ("FAILED", 1)
    assert "was killed for the hard_timeout of another task" in failed["errors"][0]["traceback"]
    assert (retried["status"], retried["losses"]) == ("SUCCESSFUL", 1)


def test_task_that_lets_no_thread_run_is_killed_after_the_grace(project: Project) -> None:
    project.run(f"{IMPORT} linger_retry.enqueue('r', 5); hold_the_interpreter.enqueue('h')")
    worker = project.worker("--concurrency", "2", "--grace", "1")

    neighbour, holder = wait_for(lambda: _all_ended(project), "the end of both")

    assert _errors(holder) == [HARD]
    assert (neighbour["status"], neighbour["losses"]) == ("SUCCESSFUL", 1)
    assert "another starts in" not in worker.output()


def test_process_without_other_tasks_is_killed_at_once(project: Project) -> None:
    project.run(f"{IMPORT} hang.enqueue('h')")
    worker = project.worker("--concurrency", "2", "--grace", "60")
    pid = _pid(project.wait_for_runs(1)[0])

    wait_for(lambda: not _exists(pid), "the end of the process")

    assert _errors(wait_for(lambda: _is(project.row(), "FAILED"), "the failure")) == [HARD]
    assert "killed: hard timeout" in worker.output()


def test_what_an_overdue_task_returns_after_all_is_dropped(project: Project) -> None:
    project.run(f"{IMPORT} hang.enqueue('h', 3); linger_fail.enqueue('n', 4)")
    worker = project.worker("--concurrency", "2")

    hung, neighbour = wait_for(lambda: _all_ended(project), "the end of both")

    wait_for(lambda: "this outcome is dropped" in worker.output(), "the late outcome")
    assert project.rows()[0] == hung
    assert (hung["status"], hung["return_value"], _errors(hung)) == ("FAILED", None, [HARD])
    assert neighbour["status"] == "SUCCESSFUL"


def test_worker_that_is_stopped_meanwhile_lets_the_neighbours_finish(project: Project) -> None:
    project.run(f"{IMPORT} hang.enqueue('h'); linger_fail.enqueue('n', 4)")
    worker = project.worker("--concurrency", "2")
    wait_for(lambda: _is(project.rows()[0], "FAILED"), "the hard timeout")

    worker.signal(signal.SIGTERM)

    assert worker.exit_code() == 0
    hung, neighbour = project.rows()
    assert _errors(hung) == [HARD]
    assert (neighbour["status"], neighbour["losses"]) == ("SUCCESSFUL", 0)


def test_batch_runs_again_what_a_neighbour_of_a_hard_timeout_asks_for(project: Project) -> None:
    project.run(f"{IMPORT} hang.enqueue('h'); ask_again.enqueue('n', 3)")

    assert project.worker("--batch", "--concurrency", "2").exit_code() == 0

    hung, neighbour = project.rows()
    assert _errors(hung) == [HARD]
    assert (neighbour["status"], neighbour["return_value"]) == ("SUCCESSFUL", 2)


def test_processes_that_wait_for_neighbours_do_not_pile_up(project: Project) -> None:
    project.run(f"{IMPORT} [(hang.enqueue('h'), linger_fail.enqueue('n', 3)) for _ in range(4)]")
    worker = project.worker("--concurrency", "2")
    most = 0

    def ended() -> list[dict[str, Any]] | None:
        nonlocal most
        most = max(most, _children(worker))
        return _all_ended(project)

    rows = wait_for(ended, "the end of all", seconds=60)

    assert [_errors(row) for row in rows[::2]] == [[HARD]] * 4
    assert {(row["status"], row["losses"]) for row in rows[1::2]} == {("SUCCESSFUL", 0)}
    assert most == 2


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("task", ["spin", "clean_up", "shrug_off", "almost_no_time"])
def test_timeout_raises_in_the_body_which_may_clean_up(
    project: Project, task: str, concurrency: int
) -> None:
    project.run(f"{IMPORT} [{task}.enqueue(str(i)) for i in range(4)]; note.enqueue('next')")

    worker = project.worker("--batch", "--concurrency", str(concurrency))

    assert worker.exit_code() == 0
    *rows, following = project.rows()
    for row in rows:
        if task == "clean_up":
            assert row["return_value"].startswith("The task ran longer than its timeout")
        elif task == "shrug_off":  # once, and then there is no limit any more
            assert row["return_value"] == row["args"][0]
        else:
            assert (row["status"], _errors(row)) == ("FAILED", [SOFT])
            assert "ran longer than its timeout of 0." in row["errors"][0]["traceback"]
    if task == "shrug_off":
        assert len(project.runs()) == 5
    assert following["status"] == "SUCCESSFUL"


def test_timeout_of_a_coroutine_cancels_it_and_not_its_neighbours(project: Project) -> None:
    project.run(f"{IMPORT} clean_up_later.enqueue('cleaned'); sleep_later.enqueue('n', 1)")

    assert project.worker("--batch", "--concurrency", "2").exit_code() == 0

    late, neighbour = project.rows()
    assert (late["status"], _errors(late)) == ("FAILED", [SOFT])
    assert sorted(project.runs()) == ["cleaned", "n"]
    assert (neighbour["status"], neighbour["return_value"]) == ("SUCCESSFUL", "n")


@pytest.mark.parametrize(("concurrency", "waits"), [(1, False), (2, True)])
def test_blocking_call_is_interrupted_in_the_main_thread_and_waited_for_in_others(
    project: Project, concurrency: int, waits: bool
) -> None:
    # The second task gets the thread that the first one leaves free.
    project.run(f"{IMPORT} [block.enqueue('b', 3) for _ in range({concurrency})]")

    assert project.worker("--batch", "--concurrency", str(concurrency)).exit_code() == 0

    rows = project.rows()
    assert [(row["status"], _errors(row)) for row in rows] == [("FAILED", [SOFT])] * concurrency
    assert any(_seconds(row) > 2.9 for row in rows) == waits
    assert any(_seconds(row) < 2.5 for row in rows)


@pytest.mark.parametrize("task", ["use_the_alarm", "keep_the_alarm"])
def test_body_with_its_own_use_for_the_alarm_is_timed_out_too(project: Project, task: str) -> None:
    project.run(f"{IMPORT} [{task}.enqueue('rang') for _ in range(2)]")

    assert project.worker("--batch").exit_code() == 0

    assert [_errors(row) for row in project.rows()] == [[SOFT]] * 2
    assert len(project.runs()) == (2 if task == "use_the_alarm" else 0)


def test_timeout_is_retried_when_the_policy_says_so(project: Project) -> None:
    project.run(f"{IMPORT} slow_at_first.enqueue('a'); slow_and_not_retried.enqueue('b')")

    assert project.worker("--batch").exit_code() == 0

    retried, failed = project.rows()
    assert (retried["status"], retried["return_value"]) == ("SUCCESSFUL", 2)
    assert _errors(retried) == [SOFT]
    assert (failed["status"], _errors(failed)) == ("FAILED", [SOFT])


def test_time_for_a_retry_policy_to_decide_is_not_limited(project: Project) -> None:
    project.run(f"{IMPORT} slow_policy.enqueue('x')")

    assert project.worker("--batch").exit_code() == 0

    assert _errors(project.row()) == ["builtins.LookupError"] * 2


def _is(row: dict[str, Any], status: str) -> dict[str, Any] | None:
    return row if row["status"] == status else None


def _all_ended(project: Project) -> list[dict[str, Any]] | None:
    rows = project.rows()
    ended = all(row["status"] in {"FAILED", "SUCCESSFUL"} for row in rows)
    return rows if ended else None


def _errors(row: dict[str, Any]) -> list[str]:
    return [error["exception_class_path"] for error in row["errors"]]


def _seconds(row: dict[str, Any]) -> float:
    times = [datetime.fromisoformat(row[name]) for name in ("last_attempted_at", "finished_at")]
    return (times[1] - times[0]).total_seconds()


def _pid(run: str) -> int:
    return int(run.split()[1])


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _children(worker: Process) -> int:
    found = subprocess.run(
        ["pgrep", "--parent", str(worker.popen.pid)], capture_output=True, text=True, check=False
    )
    return len(found.stdout.split())

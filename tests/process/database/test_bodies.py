"""Task bodies that do to their process what no task should, or what looks harmless."""

from __future__ import annotations

import signal
import time

import pytest

from tests.process.project import Project

pytestmark = pytest.mark.process


def test_body_may_use_a_pool_of_processes(project: Project) -> None:
    project.run("maps_in_a_pool.enqueue()")

    assert project.worker("--batch").exit_code(15) == 0
    assert (project.row()["status"], project.row()["return_value"]) == ("SUCCESSFUL", [1, 2])


def test_thread_that_a_body_left_running_keeps_no_child_from_being_replaced(
    project: Project,
) -> None:
    project.run("leaves_a_thread_running.enqueue(); note.enqueue('after')")
    worker = project.worker("--max-tasks", "1", "--grace", "1")

    project.wait_for_runs(1)

    assert "ends without waiting for what tasks left running" in worker.output()
    worker.signal(signal.SIGTERM)
    assert worker.exit_code(10) == 0


def test_batch_goes_on_when_a_body_ends_its_process_with_0(project: Project) -> None:
    project.run("ends_its_process_with_0.enqueue()")
    project.run("[note.enqueue(str(number)) for number in range(3)]")

    assert project.worker("--batch").exit_code() == 0
    assert [row["status"] for row in project.rows()] == ["FAILED", *["SUCCESSFUL"] * 3]


@pytest.mark.parametrize("task", ["note.enqueue({!r})", "sleep_later.enqueue({!r}, 0)"])
@pytest.mark.parametrize("project", ["postgres"], indirect=True)
def test_connection_that_broke_while_nothing_ran_fails_no_task(project: Project, task: str) -> None:
    project.run(task.format("before"))
    project.worker()
    project.wait_for_runs(1)
    time.sleep(1.5)
    project.run(
        "with connections['default'].cursor() as cursor:\n"
        "    cursor.execute('SELECT pg_terminate_backend(pid) FROM pg_stat_activity'\n"
        "        ' WHERE datname = current_database() AND pid <> pg_backend_pid()')"
    )

    project.run(task.format("after"))

    assert project.wait_for_runs(2) == ["before", "after"]

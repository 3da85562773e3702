"""Progress, cancel and pause with real workers."""

from __future__ import annotations

import pytest

from tests.process.project import Project, wait_for

pytestmark = pytest.mark.process
TASKS = "from tests.app.controlled import *\nfrom bridge import *\n"


def look(project: Project, what: str) -> object:
    return project.run(f"{TASKS}give({what})")


@pytest.mark.parametrize("name", ["counts", "counts_later"])
def test_progress_of_a_running_task_is_readable_and_the_task_hears_that_it_is_cancelled(
    project: Project, name: str
) -> None:
    project.worker()
    key = project.run(f"{TASKS}give({name}.enqueue().id)")
    wait_for(lambda: (project.row()["progress"] or [0])[0] > 1, "progress")
    first = project.row()["progress"]
    wait_for(lambda: project.row()["progress"][0] > first[0], "more progress")

    answer = look(project, f"{name}.get_result({key!r}).cancel().name")

    assert answer == "REQUESTED"
    ended = ("SUCCESSFUL", "FAILED")
    row = wait_for(lambda: (r := project.row())["status"] in ended and r, "the end")
    if name == "counts":
        assert row["return_value"] == f"stopped at {row['progress'][0]}"
    else:
        assert row["errors"][-1]["exception_class_path"] == "bridge.exceptions.TaskCancelled"
        assert "has heard of it" in row["errors"][-1]["traceback"]


def test_task_that_ends_with_the_word_is_not_tried_again(project: Project) -> None:
    project.worker()
    key = project.run(f"{TASKS}give(gives_up_when_cancelled.enqueue().id)")
    project.wait_for_runs(1)

    look(project, f"gives_up_when_cancelled.get_result({key!r}).cancel().name")

    wait_for(lambda: project.row()["status"] == "FAILED", "the end")
    assert project.runs() == ["attempt 1"]


def test_task_that_fails_after_it_was_asked_to_stop_never_starts_again(project: Project) -> None:
    project.worker()
    key = project.run(f"{TASKS}give(fails_when_cancelled.enqueue().id)")
    project.wait_for_runs(1)

    look(project, f"fails_when_cancelled.get_result({key!r}).cancel().name")

    row = wait_for(lambda: (r := project.row())["status"] == "FAILED" and r, "the end")
    assert [error["exception_class_path"] for error in row["errors"]] == [
        "builtins.ConnectionError",
        "bridge.exceptions.TaskCancelled",
    ]
    assert project.runs() == ["attempt 1"]


def test_cancelled_task_whose_worker_dies_never_starts_again(project: Project) -> None:
    worker = project.worker()
    key = project.run(f"{TASKS}give(fails_when_cancelled.enqueue().id)")
    project.wait_for_runs(1)
    worker.kill_all()

    answer = look(project, f"fails_when_cancelled.get_result({key!r}).cancel().name")
    project.worker()

    assert answer == "REQUESTED"
    wait_for(lambda: project.row()["status"] == "FAILED", "the end")
    assert project.runs() == ["attempt 1"]


def test_paused_queue_waits_until_it_is_resumed_and_others_do_not(project: Project) -> None:
    project.worker("--concurrency", "2", "--processes", "2")
    project.run("note.enqueue('before')")
    project.wait_for_runs(1)
    assert project.manage("task_queues", "pause", "mail").stdout == "mail: paused\n"

    project.run("note_mail.enqueue_many([(f'mail {n}',) for n in range(20)])")
    project.run("note.enqueue_many([(f'note {n}',) for n in range(20)])")

    wait_for(lambda: len(project.runs()) == 21, "the other queue")
    assert not any("mail" in run for run in project.runs())
    project.run(f"{TASKS}resume_queue('mail')")
    wait_for(lambda: len(project.runs()) == 41, "the resumed queue")


def test_worker_that_has_nothing_but_a_paused_queue_ends_a_batch(project: Project) -> None:
    project.run(f"{TASKS}note.enqueue('x'); pause_queue('default')")

    worker = project.worker("--batch")

    assert worker.exit_code() == 0
    assert project.runs() == []
    assert "paused=default" in worker.output()


def test_requeued_tasks_run_again(project: Project) -> None:
    project.run("fail.enqueue_many([('x',)] * 3)")
    assert project.worker("--batch").exit_code() == 0
    before = {row["id"]: row["token"] for row in project.rows()}

    told = project.manage("requeue_tasks", "--error", "ValueError", "--no-input").stdout

    assert told == "Requeued 3 task(s).\n"
    assert project.worker("--batch").exit_code() == 0
    for row in project.rows():
        assert (row["status"], len(row["errors"]), len(row["worker_ids"])) == ("FAILED", 2, 1)
        assert row["token"] > before[row["id"]]

"""db_worker as an operator meets it: real processes, real signals."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.process.project import Project, wait_for

pytestmark = pytest.mark.process


def test_batch_runs_everything_and_exits_with_0(project: Project) -> None:
    project.run("[note.enqueue(str(i)) for i in range(5)]; add.enqueue(1, 2)")

    worker = project.worker("--batch")

    assert worker.exit_code() == 0
    assert sorted(project.runs()) == ["0", "1", "2", "3", "4"]
    rows = project.rows()
    assert {row["status"] for row in rows} == {"SUCCESSFUL"}
    assert rows[-1]["return_value"] == 3


def test_several_workers_run_each_task_once(project: Project) -> None:
    project.run("[linger_fail.enqueue(str(i), 0.05) for i in range(150)]")

    workers = [
        project.worker("--batch", "--processes", "2"),
        project.worker("--batch", "--concurrency", "3"),
    ]

    assert [worker.exit_code(60) for worker in workers] == [0, 0]
    runs = [int(run.split()[0]) for run in project.runs()]
    assert sorted(runs) == list(range(150))
    assert len({row["worker_ids"][0] for row in project.rows()}) > 2


@pytest.mark.parametrize("on_lost", ["retry", "fail"])
def test_killed_child_leaves_its_task_as_on_lost_says(project: Project, on_lost: str) -> None:
    project.run(f"linger_{on_lost}.enqueue('job'); note.enqueue('next')")
    project.worker()
    pid = int(project.wait_for_runs(1)[0].split()[1])

    os.kill(pid, signal.SIGKILL)

    _assert_ended_as(project, on_lost)
    assert "next" in project.runs()


@pytest.mark.parametrize("on_lost", ["retry", "fail"])
def test_killed_worker_leaves_its_task_as_on_lost_says(project: Project, on_lost: str) -> None:
    project.run(f"linger_{on_lost}.enqueue('job'); note.enqueue('next')")
    first = project.worker()
    project.wait_for_runs(1)

    first.kill_all()
    project.worker()

    _assert_ended_as(project, on_lost)


def test_children_end_with_a_killed_supervisor(project: Project) -> None:
    project.run("linger_retry.enqueue('job')")
    worker = project.worker()
    pid = int(project.wait_for_runs(1)[0].split()[1])

    worker.signal(signal.SIGKILL)

    wait_for(lambda: not _exists(pid), "the end of the child", seconds=5)


def test_task_that_kills_every_worker_stops_after_its_losses(project: Project) -> None:
    project.run("poison.enqueue('poison'); note.enqueue('neighbour')")

    worker = project.worker("--batch")

    assert worker.exit_code() == 0
    poisoned, neighbour = project.rows()
    assert poisoned["status"] == "FAILED"
    assert [error["exception_class_path"] for error in poisoned["errors"]] == [
        "bridge.exceptions.WorkerLost"
    ] * 3
    assert project.runs().count("poison") == 3
    assert neighbour["status"] == "SUCCESSFUL"
    assert len(neighbour["worker_ids"]) == 1


def test_sigterm_lets_the_running_task_finish_and_leaves_the_rest(project: Project) -> None:
    project.run("linger_retry.enqueue('job', 1.5); note.enqueue('later')")
    worker = project.worker()
    project.wait_for_runs(1)

    worker.signal(signal.SIGTERM)

    assert worker.exit_code() == 0
    job, later = project.rows()
    assert (job["status"], job["return_value"]) == ("SUCCESSFUL", "job")
    assert (later["status"], later["worker_ids"]) == ("READY", [])
    assert project.run("give(WorkerRow.objects.count())") == 0


def test_second_signal_kills_the_running_task_and_settles_it(project: Project) -> None:
    project.run("linger_fail.enqueue('job')")
    worker = project.worker()
    project.wait_for_runs(1)

    worker.signal(signal.SIGINT)
    wait_for(lambda: "stopping" in worker.output(), "the first message")
    worker.signal(signal.SIGINT)

    assert worker.exit_code(10) == 0
    assert "second signal" in worker.output()
    assert project.row()["status"] == "FAILED"


def test_timeout_interrupts_a_blocking_call(project: Project) -> None:
    project.run("too_slow.enqueue()")

    assert project.worker("--batch").exit_code(20) == 0

    row = project.row()
    assert row["status"] == "FAILED"
    assert row["errors"][0]["exception_class_path"] == "bridge.exceptions.TaskTimeout"
    assert "timeout of 0.3 s" in row["errors"][0]["traceback"]


def test_hard_timeout_kills_the_process_and_the_worker_goes_on(project: Project) -> None:
    project.run("stuck.enqueue('stuck'); note.enqueue('next')")

    assert project.worker("--batch").exit_code(20) == 0

    stuck, following = project.rows()
    assert stuck["status"] == "FAILED"
    assert stuck["errors"][0]["exception_class_path"] == "bridge.exceptions.HardTimeout"
    assert project.runs() == ["stuck", "next"]
    assert following["status"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("call", "error"),
    [("exits", "builtins.SystemExit"), ("not_storable", "bridge.exceptions.UnstorableValue")],
)
def test_body_that_exits_or_returns_no_json_fails_and_the_worker_goes_on(
    project: Project, call: str, error: str
) -> None:
    project.run(f"{call}.enqueue(); note.enqueue('next')")

    assert project.worker("--batch").exit_code() == 0

    failed, following = project.rows()
    assert failed["status"] == "FAILED"
    assert failed["errors"][0]["exception_class_path"] == error
    assert following["status"] == "SUCCESSFUL"


def test_task_that_is_gone_from_the_code_fails_with_its_path(project: Project) -> None:
    project.run(
        "add.enqueue(1, 2); TaskRow.objects.update(task_path='tests.app.tasks.removed')"
        "; note.enqueue('next')"
    )

    assert project.worker("--batch").exit_code() == 0

    gone, following = project.rows()
    assert gone["status"] == "FAILED"
    assert gone["errors"][0]["exception_class_path"] == "bridge.exceptions.TaskNotFound"
    assert "'tests.app.tasks.removed' cannot be imported" in gone["errors"][0]["traceback"]
    assert following["status"] == "SUCCESSFUL"


def test_task_of_a_broken_module_fails_and_the_worker_goes_on(project: Project) -> None:
    project.run(
        "add.enqueue(1, 2); TaskRow.objects.update(task_path='tests.app.broken.task')"
        "; note.enqueue('next')"
    )

    assert project.worker("--batch").exit_code() == 0

    broken, following = project.rows()
    assert (broken["status"], broken["losses"]) == ("FAILED", 0)
    assert "broken at import" in broken["errors"][0]["traceback"]
    assert following["status"] == "SUCCESSFUL"


def test_outcome_that_cannot_be_stored_fails_the_task_after_one_run(project: Project) -> None:
    project.run("retries_beyond_the_calendar.enqueue('once')")

    assert project.worker("--batch").exit_code() == 0

    assert project.runs() == ["once"]
    row = project.row()
    assert (row["status"], row["losses"]) == ("FAILED", 0)
    assert row["errors"][-1]["exception_class_path"] == "builtins.OverflowError"


def test_only_the_named_queue_is_served(project: Project) -> None:
    project.run("note.enqueue('default'); note_mail.enqueue('mail')")

    assert project.worker("--batch", "--queue", "mail").exit_code() == 0

    assert project.runs() == ["mail"]


def test_excluded_queues_are_left_alone(project: Project) -> None:
    project.run("note.enqueue('default'); note_mail.enqueue('mail')")

    assert project.worker("--batch", "--exclude-queue", "slow,mail").exit_code() == 0

    assert project.runs() == ["default"]


def test_weighted_queues_are_all_served(project: Project) -> None:
    project.run("[(note.enqueue('default'), note_mail.enqueue('mail')) for _ in range(3)]")

    worker = project.worker("--batch", "--queue", "mail=5", "--queue", "default")

    assert worker.exit_code() == 0
    assert sorted(project.runs()) == ["default"] * 3 + ["mail"] * 3
    assert " queues=mail=5,default=1 " in worker.output()


def test_child_is_replaced_after_its_share_of_tasks(project: Project) -> None:
    project.run("[note.enqueue(str(i)) for i in range(7)]")

    worker = project.worker("--batch", "--max-tasks", "2")

    assert worker.exit_code() == 0
    tasks_of = Counter(row["worker_ids"][0] for row in project.rows())
    assert sorted(tasks_of.values()) == [1, 2, 2, 2]
    assert worker.output().count("reached its limit; replaced") == 3


def test_child_that_has_grown_too_big_is_replaced_after_its_task(project: Project) -> None:
    project.run("hoard.enqueue(1)")
    worker = project.worker("--max-rss", "400")
    wait_for(lambda: project.row()["status"] == "SUCCESSFUL", "the end of the small task")
    assert "reached its limit" not in worker.output()

    project.run("hoard.enqueue(400)")
    wait_for(lambda: "reached its limit" in worker.output(), "the replacement")
    project.run("note.enqueue('after')")
    project.wait_for_runs(1)

    wait_for(lambda: {row["status"] for row in project.rows()} == {"SUCCESSFUL"}, "the last task")
    small, big, after = (row["worker_ids"] for row in project.rows())
    assert small == big != after


def test_child_that_dies_is_replaced_and_the_log_says_how_it_ended(project: Project) -> None:
    project.run("linger_retry.enqueue('job')")
    worker = project.worker()
    pid = int(project.wait_for_runs(1)[0].split()[1])

    os.kill(pid, signal.SIGKILL)

    line = f"pid={pid} was killed by SIGKILL; another starts in 0 s"
    wait_for(lambda: line in worker.output(), "the log line")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--queue", "post"], 1, "Queue 'post' is not in QUEUES of TASKS['default']"),
        (["--queue", "post"], 1, "default, mail, slow"),
        (["--queue", "mail", "--exclude-queue", "mail"], 1, "both served and excluded"),
        (["--batch", "--reload"], 1, "--batch ends by itself: leave out --reload"),
        (["--max-rss", "1"], 1, "--max-rss 1: this process has "),
        (["--backend", "other"], 1, "TASKS has no backend 'other'"),
        (["--max-tasks", "0"], 2, "must be at least 1, not 0"),
        (["--grace", "inf"], 2, "must be a number above 0, not inf"),
    ],
)
def test_wrong_options_are_refused_with_the_way_out(
    project: Project, arguments: list[str], code: int, message: str
) -> None:
    done = project.manage("db_worker", *arguments, check=False)

    assert done.returncode == code
    assert message in done.stderr


def test_missing_tables_are_named_with_the_command_that_makes_them(project: Project) -> None:
    project.manage("migrate", "bridge", "zero")

    done = project.manage("db_worker", check=False)

    assert done.returncode == 1
    assert (
        "'bridge_task' in database 'default' does not exist. Run manage.py migrate" in done.stderr
    )


def test_project_without_logging_sees_the_banner_and_what_a_signal_means(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "plain.py").write_text("from tests.process.settings import *\ndel LOGGING\n")
    project.environment["PYTHONPATH"] += f"{os.pathsep}{tmp_path}"
    project.environment["DJANGO_SETTINGS_MODULE"] = "plain"
    worker = project.worker("--processes", "2", "--concurrency", "3")
    wait_for(lambda: "Ctrl+C stops it" in worker.output(), "the banner")

    worker.signal(signal.SIGTERM)

    assert worker.exit_code() == 0
    banner, stopping = worker.output().splitlines()
    assert banner.startswith("db_worker worker=")
    for fact in ("backend=default", "queues=all", "processes=2x3", "wake_up="):
        assert f" {fact}" in banner
    assert stopping.endswith("running tasks have 30 s to finish, a second signal kills them")


def _assert_ended_as(project: Project, on_lost: str) -> None:
    def ended() -> bool:
        return all(row["status"] in {"FAILED", "SUCCESSFUL"} for row in project.rows())

    wait_for(ended, "the end of every task")
    job = project.rows()[0]
    assert job["errors"][0]["exception_class_path"] == "bridge.exceptions.WorkerLost"
    if on_lost == "retry":
        assert (job["status"], job["return_value"], len(job["worker_ids"])) == (
            "SUCCESSFUL",
            "job",
            2,
        )
    else:
        assert (job["status"], len(job["worker_ids"])) == ("FAILED", 1)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

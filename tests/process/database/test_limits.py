"""Limits over real workers: bodies record what they see."""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.process.project import Process, Project, wait_for

pytestmark = pytest.mark.process
LIMITED = "from tests.app.limited import *\n"
LEFT = "give(TaskRow.objects.filter(status__in=['READY', 'RUNNING']).count())"
SECOND = 1_000_000_000


def starts(folder: Path, key: str) -> list[int]:
    file = folder / f"{key}.starts"
    return sorted(int(line) for line in file.read_text().split()) if file.exists() else []


def children(worker: Process) -> list[int]:
    pid = worker.popen.pid
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def most_within(moments: list[int], period: int) -> int:
    return max(sum(begin <= each < begin + period for each in moments) for begin in moments)


def claims(project: Project, task: str) -> list[int]:
    """Return when the tasks were claimed, in nanoseconds."""
    times = (
        datetime.fromisoformat(row["started_at"])
        for row in project.rows()
        if row["task_path"].endswith(f".{task}")
    )
    return sorted(int(time.timestamp() * 1_000_000) * 1000 for time in times)


def wait_for_the_end(project: Project, *, seconds: float = 90) -> None:
    wait_for(lambda: project.run(LEFT) == 0, "the last task", seconds=seconds)


def test_key_never_has_more_tasks_running_than_its_limit_though_processes_are_killed(
    project: Project, tmp_path: Path
) -> None:
    project.run(
        LIMITED + f"for n in range(60):\n"
        f" one_at_a_time.enqueue({str(tmp_path)!r}, 'one', 0.01)\n"
        f" three_at_a_time.enqueue({str(tmp_path)!r}, 'three', 0.03)\n"
        f" three_at_a_time.enqueue({str(tmp_path)!r}, 'other', 0.01)"
    )
    workers = [project.worker("--processes", "2", "--concurrency", "3") for _ in range(2)]
    wait_for(lambda: starts(tmp_path, "one-0"), "a first task", seconds=60)
    for turn in range(4):
        time.sleep(0.3)
        worker = workers[turn % 2]
        victims = wait_for(lambda: children(worker), "a child to kill")  # noqa: B023
        os.kill(victims[0], signal.SIGKILL)

    wait_for_the_end(project)

    assert list(tmp_path.glob("*too-many*")) == []
    assert {row["status"] for row in project.rows()} == {"SUCCESSFUL"}
    # The places were used, so it is the limit that kept to them.
    assert starts(tmp_path, "three-1")
    assert starts(tmp_path, "three-2")


def test_place_of_a_killed_worker_is_free_once_its_lease_has_ended(
    project: Project, tmp_path: Path
) -> None:
    project.run(LIMITED + f"one_at_a_time.enqueue({str(tmp_path)!r}, 'k', 60)")
    first = project.worker()
    wait_for(lambda: starts(tmp_path, "k-0"), "the first task")
    project.run(LIMITED + f"one_at_a_time.using(priority=5).enqueue({str(tmp_path)!r}, 'k', 0)")

    first.kill_all()
    project.worker()

    wait_for(lambda: len(starts(tmp_path, "k-0")) >= 2, "the second task", seconds=30)
    assert starts(tmp_path, "k-too-many") == []


def test_rates_hold_within_every_window_over_all_workers(project: Project, tmp_path: Path) -> None:
    project.run(
        LIMITED + f"twenty_a_second.enqueue_many([({str(tmp_path)!r}, 'twenty')] * 70)\n"
        f"many_a_second.enqueue_many([({str(tmp_path)!r}, 'many')] * 900)"
    )
    for concurrency in ("1", "4"):
        project.worker("--processes", "2", "--concurrency", concurrency)

    wait_for_the_end(project)

    assert (len(starts(tmp_path, "twenty")), len(starts(tmp_path, "many"))) == (70, 900)
    # When they were claimed: on a busy machine functions are called late, some later than others.
    twenty, many = claims(project, "twenty_a_second"), claims(project, "many_a_second")
    assert most_within(twenty, SECOND) <= 20
    assert most_within(many, SECOND) <= 300
    # 70 tasks need three periods and a bit; it did not take a quiet one between them.
    assert most_within(twenty, SECOND) >= 15


def test_task_of_a_lane_starts_soon_after_the_one_before_has_ended_elsewhere(
    project: Project, tmp_path: Path
) -> None:
    project.run(LIMITED + f"one_at_a_time.enqueue({str(tmp_path)!r}, 'k', 2)")
    busy = project.worker("--interval", "30")
    wait_for(lambda: starts(tmp_path, "k-0"), "the first task")
    project.run(LIMITED + f"one_at_a_time.enqueue({str(tmp_path)!r}, 'k', 0)")
    project.worker("--interval", "0.2")
    busy.signal(signal.SIGTERM)  # it does not take the next one

    wait_for_the_end(project)

    first, second = project.rows()
    gap = datetime.fromisoformat(second["started_at"]) - datetime.fromisoformat(
        first["finished_at"]
    )
    assert 0 <= gap.total_seconds() < 20  # and not after the interval of the other worker
    assert first["worker_ids"] != second["worker_ids"]


def test_batch_waits_for_places_and_not_for_a_rate_that_opens_in_an_hour(
    project: Project, tmp_path: Path
) -> None:
    project.run(
        LIMITED + f"three_an_hour.enqueue_many([({str(tmp_path)!r},)] * 5)\n"
        f"one_at_a_time.enqueue_many([({str(tmp_path)!r}, 'k', 0.5)] * 4)"
    )

    batches = [project.worker("--batch", "--processes", "2") for _ in range(2)]

    assert [batch.exit_code(60) for batch in batches] == [0, 0]
    states = [(row["task_path"].rpartition(".")[2], row["status"]) for row in project.rows()]
    assert states.count(("one_at_a_time", "SUCCESSFUL")) == 4
    assert states.count(("three_an_hour", "SUCCESSFUL")) == 3
    assert states.count(("three_an_hour", "READY")) == 2
    # Neither of them left while the other had a task that somebody waited for.
    assert starts(tmp_path, "k-too-many") == []


def test_limited_tasks_and_others_take_turns(project: Project, tmp_path: Path) -> None:
    project.run(
        LIMITED + f"three_at_a_time.enqueue_many([({str(tmp_path)!r}, 'k', 0.01)] * 40)\n"
        "add.enqueue_many((n, n) for n in range(4000))"
    )
    project.worker()
    wait_for_the_end(project)

    ends: dict[str, list[str]] = {}
    for row in project.rows():
        ends.setdefault(row["task_path"], []).append(row["finished_at"])
    limited, plain = sorted(ends.values(), key=len)
    assert min(plain) < max(limited)
    assert min(limited) < max(plain)


def test_limited_tasks_of_queues_that_are_not_served_wait(project: Project, tmp_path: Path) -> None:
    project.run(
        LIMITED + f"one_at_a_time.using(queue_name='mail').enqueue({str(tmp_path)!r}, 'mail')\n"
        f"one_at_a_time.enqueue({str(tmp_path)!r}, 'default')\n"
        f"one_at_a_time.using(queue_name='slow').enqueue({str(tmp_path)!r}, 'slow')"
    )

    assert project.worker("--batch", "--exclude-queue", "mail,slow").exit_code() == 0
    assert [row["status"] for row in project.rows()] == ["READY", "SUCCESSFUL", "READY"]

    assert project.worker("--batch", "--queue", "mail=2,default=1").exit_code() == 0
    assert [row["status"] for row in project.rows()] == ["SUCCESSFUL", "SUCCESSFUL", "READY"]

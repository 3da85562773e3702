"""Hooks and batches under real workers: enqueued exactly once if, and only if, a task has ended."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.process.project import Process, Project, wait_for

pytestmark = pytest.mark.process
HOOKS = "from tests.app import hooks\nfrom bridge import RETURN_VALUE, RESULT_ID, get_batch\n"


def children(worker: Process) -> list[int]:
    """Return the processes that run the tasks of a worker."""
    path = Path(f"/proc/{worker.popen.pid}/task/{worker.popen.pid}/children")
    with suppress(OSError):
        return [int(pid) for pid in path.read_text().split()]
    return []


def test_worker_of_a_batch_runs_what_follows_before_it_stops(project: Project) -> None:
    project.run(
        HOOKS + "last = hooks.collect.hook(RETURN_VALUE)\n"
        "third = hooks.add.using(on_success=last, queue_name='slow').hook(RETURN_VALUE, 1)\n"
        "second = hooks.double.using(on_success=third, queue_name='mail').hook(RETURN_VALUE)\n"
        "hooks.double.using(on_success=second).enqueue(5)\n"
        "hooks.either.enqueue(True)\n"
        "hooks.work.enqueue_many([(i, i == 1) for i in range(3)],"
        " on_complete=hooks.collect.hook('complete'))"
    )

    worker = project.worker("--batch")

    assert worker.exit_code() == 0
    assert {row["status"] for row in project.rows()} == {"SUCCESSFUL", "FAILED"}
    names = project.runs()
    assert {"21", "failed", "complete"} <= set(names)
    assert len(names) == 4


def test_four_workers_complete_a_batch_once(project: Project) -> None:
    batch = project.run(
        HOOKS + "give(hooks.work.enqueue_many([(i, i % 100 == 7) for i in range(2000)],"
        " on_complete=[hooks.collect, hooks.collect.hook('once')]).batch_id)"
    )

    workers = [project.worker("--batch", "--processes", "2") for _ in range(2)]

    assert [worker.exit_code(120) for worker in workers] == [0, 0]
    assert sorted(project.runs()) == sorted([batch, "once"])
    counts = project.run(
        HOOKS + f"b = get_batch({batch!r}); give([b.total, b.pending, b.failed, b.succeeded])"
    )
    assert counts == [2000, 0, 20, 1980]


def test_hooks_are_enqueued_once_if_their_task_has_ended_whatever_dies(project: Project) -> None:
    project.run(
        HOOKS + "hooked = hooks.labour.using("
        "on_success=hooks.add.using(priority=-1).hook(RETURN_VALUE),"
        "on_failure=hooks.double.using(priority=-1).hook(RESULT_ID))\n"
        "give(hooked.enqueue_many([(i, i % 10 == 3) for i in range(3000)],"
        " on_complete=hooks.collect.using(priority=-1)).batch_id)"
    )
    dice = random.Random(4)
    worker = project.worker("--processes", "2")
    ended = "TaskRow.objects.exclude(status__in=['READY', 'RUNNING'])"
    wait_for(lambda: project.run(f"give({ended}.count())"), "the first end")
    # Bodies take little time: many deaths are between a body and its commit, or in mid-commit.
    for number in range(12):
        time.sleep(dice.uniform(0.1, 0.3))
        if number % 4 == 3:
            worker.kill_all()
            worker = project.worker("--processes", "2")
        elif pids := children(worker):
            with suppress(ProcessLookupError):
                os.kill(dice.choice(pids), signal.SIGKILL)

    rest = "TaskRow.objects.filter(status__in=['READY', 'RUNNING'])"
    wait_for(lambda: project.run(f"give(not {rest}.exists())"), "the end", seconds=120)

    rows = project.rows()
    assert [row for row in rows if row["losses"]], "nobody died in mid-task"
    ends: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("labour", "add", "double", "collect")
    }
    for row in rows:
        ends[row["task_path"].rpartition(".")[2]].append(row)
    won = [row for row in ends["labour"] if row["status"] == "SUCCESSFUL"]
    lost = [row for row in ends["labour"] if row["status"] == "FAILED"]
    assert len(won) + len(lost) == 3000
    assert Counter(row["args"][0] for row in ends["add"]) == Counter(
        row["return_value"] for row in won
    )
    assert Counter(row["args"][0] for row in ends["double"]) == Counter(row["id"] for row in lost)
    assert len(ends["collect"]) == 1


def test_supervisor_enqueues_the_hooks_of_what_its_child_left(project: Project) -> None:
    project.run(
        HOOKS + "from tests.app.overruns import *\n"
        "poison.using(on_failure=hooks.collect.hook('poisoned')).enqueue('x')\n"
        "stuck.using(on_failure=hooks.collect.hook('killed')).enqueue('y')"
    )
    project.worker()

    wait_for(lambda: {"poisoned", "killed"} <= set(project.runs()), "both", seconds=60)


def test_hook_starts_at_once_in_an_idle_worker_of_another_queue(project: Project) -> None:
    project.worker("--queue", "mail", "--interval", "20")
    worker = project.worker("--queue", "default")
    project.run(HOOKS + "hooks.double.enqueue(1)")
    wait_for(lambda: project.row()["status"] == "SUCCESSFUL", "the first")
    time.sleep(0.5)

    project.run(
        HOOKS + "follow = hooks.collect.using(queue_name='mail').hook('at once')\n"
        "hooks.double.using(on_success=follow).enqueue(1)"
    )

    # Far less than the 20 s after which it would look by itself.
    assert wait_for(project.runs, "the hook", seconds=10) == ["at once"]
    assert worker.popen.poll() is None

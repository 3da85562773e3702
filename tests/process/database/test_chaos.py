"""Workers killed at random: at least once and at most once hold, and nothing stays behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress

import pytest

from tests.process.project import Process, Project

pytestmark = pytest.mark.process
TASKS = 400
KILLS = 8
FINAL = {"FAILED", "SUCCESSFUL"}


def test_killed_workers_lose_nothing_and_repeat_only_what_may_be_repeated(
    project: Project,
) -> None:
    project.run(
        "from django.db import transaction\n"
        "with transaction.atomic():\n"
        f"    [(note_retry if i % 2 else note_fail).enqueue(str(i)) for i in range({TASKS})]"
    )
    workers = [project.worker("--processes", "2") for _ in range(2)]
    chance = random.Random(14)
    kills = 0
    deadline = time.monotonic() + 120
    while any(row["status"] not in FINAL for row in project.rows()):
        assert time.monotonic() < deadline, Counter(row["status"] for row in project.rows())
        if kills < KILLS and (pids := [pid for worker in workers for pid in _family(worker)]):
            with suppress(ProcessLookupError):
                os.kill(chance.choice(pids), signal.SIGKILL)
                kills += 1
        workers = [
            worker if worker.popen.poll() is None else project.worker("--processes", "2")
            for worker in workers
        ]

    assert kills > 0
    runs = Counter(project.runs())
    for row in project.rows():
        count = runs[row["args"][0]]
        if row["on_lost"] == "fail":
            assert count == 1 if row["status"] == "SUCCESSFUL" else count <= 1
        else:
            assert row["status"] == "SUCCESSFUL"
            assert count >= 1
            assert count <= 1 + row["losses"]


def _family(worker: Process) -> list[int]:
    """Return the supervisor and its children."""
    found = subprocess.run(
        ["pgrep", "--pgroup", str(worker.popen.pid)], capture_output=True, text=True
    )
    return [int(pid) for pid in found.stdout.split()]

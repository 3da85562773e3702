"""Eight processes that claim, finish, retry and give back at once."""

from __future__ import annotations

import os
import re
import signal

import pytest

from tests.process.project import Project, wait_for

TASKS = int(os.environ.get("BRIDGE_CONTENTION_TASKS", "3000"))
"""200000 is the long form; -s shows its figures."""

PRODUCE = """
from datetime import timedelta
adds = [(n, n) for n in range({each})]
add.enqueue_many(adds)
add.using(queue_name="mail", priority=10).enqueue_many(adds)
add.using(queue_name="slow", run_after=timedelta(seconds=1)).enqueue_many(adds)
second_time_lucky.enqueue_many([()] * {each})
"""
LEFT = 'give(TaskRow.objects.filter(status__in=["READY", "RUNNING"]).count())'
TRIES = """
from collections import Counter
tries = Counter()
for path, status, workers in TaskRow.objects.values_list("task_path", "status", "worker_ids"):
    tries[f"{path.rpartition('.')[2]} {status} {len(workers)}"] += 1
give(tries)
"""
SPAN = """
from django.db.models import Max, Min
span = TaskRow.objects.aggregate(first=Min("started_at"), last=Max("finished_at"))
give((span["last"] - span["first"]).total_seconds())
"""


@pytest.mark.timeout(180 + TASKS // 100)
@pytest.mark.parametrize("project", ["postgres", "mariadb"], indirect=True)
def test_eight_processes_never_wait_for_one_another_in_a_circle(project: Project) -> None:
    each = TASKS // 8
    project.run(PRODUCE.format(each=each))
    worker = project.worker("--processes", "8")
    wait_for(lambda: project.run(LEFT) < 4 * each, "a first task", seconds=60)
    project.run(PRODUCE.format(each=each))
    worker.signal(signal.SIGTERM)
    assert worker.exit_code(60) == 0
    project.worker("--processes", "8")
    wait_for(lambda: project.run(LEFT) == 0, "the last task", seconds=60 + TASKS // 100)

    troubles = [
        line
        for started in project.workers
        for line in started.output().splitlines()
        if re.search(r"[Dd]eadlock|[Ll]ock wait|cannot |Traceback", line)
    ]
    assert troubles == []
    assert project.run(TRIES) == {
        "add SUCCESSFUL 1": 6 * each,
        "second_time_lucky SUCCESSFUL 2": 2 * each,
    }
    print(f"{8 * each} tasks in {project.run(SPAN):.1f} s")

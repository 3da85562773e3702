"""Many workers claim while many people cancel: what is said never to start never starts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.process.project import ROOT, Project, wait_for

CANCELLER = """
import json, random, sys
import django
django.setup()
from bridge.interface import task_backends
chance, backend = random.Random(int(sys.argv[1])), task_backends["default"]
for line in sys.stdin:
    ids, answers = json.loads(line), {}
    while ids:
        count = min(len(ids), chance.choice([1, 1, 1, 5]))
        some = [ids.pop(chance.randrange(len(ids))) for _ in range(count)]
        found = backend.cancel_many(some, skip_locked=count > 1)
        answers.update({key: answer.name for key, answer in found.items()})
    print(json.dumps(answers), flush=True)
"""

ENQUEUE = """
from datetime import timedelta
from bridge import pause_queue
from tests.app.controlled import one_by_one
pause_queue("default")
numbers = range({start}, {start} + {count})
ids = note_retry.enqueue_many([(str(n),) for n in numbers]).ids
ids += note_fail.enqueue_many([(f"f{{n}}",) for n in numbers]).ids
soon = note.using(run_after=timedelta(seconds=0.3))
ids += soon.enqueue_many([(f"d{{n}}",) for n in numbers]).ids
ids += one_by_one.enqueue_many([(f"l{{n}}",) for n in numbers[:20]]).ids
give(ids)
"""

RESUME = "from bridge import resume_queue; resume_queue('default')"

BUSY = "give(TaskRow.objects.filter(status__in=['READY', 'RUNNING']).count())"


@pytest.mark.process
@pytest.mark.parametrize("project", ["sqlite", "postgres"], indirect=True)
def test_cancelled_tasks_never_start(project: Project) -> None:
    for _ in range(2):
        project.worker("--processes", "2", "--concurrency", "2")
    project.run("note.enqueue('up')")
    project.wait_for_runs(1)
    answers: dict[str, list[str]] = {}
    with _cancellers(project, 3) as cancellers:
        for start in range(0, 450, 150):
            ids = project.run(ENQUEUE.format(start=start, count=150))
            for each in cancellers:
                _say(each, ids)
            project.run(RESUME)
            for each in cancellers:
                for key, answer in _hear(each).items():
                    answers.setdefault(key, []).append(answer)
    wait_for(lambda: not project.run(BUSY), "the end of all tasks", seconds=120)

    # On a busy machine a worker may miss its lease: then a task has started before it is cancelled.
    rows: dict[str, Any] = {row["id"]: row for row in project.rows() if not row["losses"]}
    runs = project.runs()
    done = {key for key, told in answers.items() if "DONE" in told and key in rows}
    for key in done:
        row = rows[key]
        assert answers[key].count("DONE") == 1
        assert (row["status"], row["started_at"], row["worker_ids"]) == ("FAILED", None, []), row
        assert row["args"][0] not in runs
    # Both have happened, or nothing has been tested.
    assert len(done) > 20
    assert len(runs) > 20


@contextmanager
def _cancellers(project: Project, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CANCELLER, str(seed)],
            env=project.environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(count)
    ]
    try:
        for process in processes:
            _say(process, [])
        for process in processes:
            _hear(process)  # it is up
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _say(process: subprocess.Popen[str], ids: list[str]) -> None:
    assert process.stdin
    process.stdin.write(json.dumps(ids) + "\n")
    process.stdin.flush()


def _hear(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout
    answers: dict[str, str] = json.loads(process.stdout.readline())
    return answers

"""Old results go, by a worker or by command, while others work."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.process.project import Process, Project, wait_for

pytestmark = pytest.mark.process
COUNT = 10_000
IN_MANY_STEPS = """
import sys
import django
from django.core.management import execute_from_command_line
django.setup()
from bridge.ledger import pruning
pruning.CHUNK = 10
execute_from_command_line([*sys.argv, "--failed-min-age", "1d"])
"""
"""What takes so long that it can be interrupted, also when looking at it takes long."""


def fill(project: Project, count: int, days: float = 30) -> None:
    project.run(
        "import datetime as dt\n"
        "from django.utils import timezone\n"
        f"at = timezone.now() - dt.timedelta(days={days})\n"
        "row = dict(task_path='tests.app.tasks.add', backend='default', transport='db',\n"
        "           on_lost='retry', enqueued_at=at, started_at=at, finished_at=at)\n"
        "TaskRow.objects.bulk_create((\n"
        "    TaskRow(status=['SUCCESSFUL', 'FAILED'][i % 2], return_value=3, **row)\n"
        f"    for i in range({count})), batch_size=1000)"
    )


def left(project: Project) -> int:
    count: int = project.run("give(TaskRow.objects.filter(finished_at__isnull=False).count())")
    return count


def test_worker_deletes_what_is_not_kept_while_it_works(project: Project) -> None:
    fill(project, 3000)
    fill(project, 2, days=6)
    project.run("[note.enqueue(str(i)) for i in range(200)]")

    worker = project.worker(DJANGO_SETTINGS_MODULE="tests.process.database.keeping")

    wait_for(lambda: left(project) == 202, "the end of what is old", seconds=60)
    assert len(project.wait_for_runs(200)) == 200
    wait_for(
        lambda: "deleted by RETENTION: failed=1500 successful=1500" in worker.output(), "a line"
    )
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0


def test_command_that_is_interrupted_goes_on_the_next_time(project: Project) -> None:
    fill(project, COUNT)
    project.run("note.enqueue('ready')")
    arguments = [sys.executable, "-c", IN_MANY_STEPS, "prune_db_task_results"]
    command = Process(arguments, project.environment, project.folder / "prune.log")
    project.workers.append(command)
    wait_for(lambda: left(project) < COUNT, "the first transaction")

    command.signal(signal.SIGINT)

    assert command.exit_code() == 130, command.output()
    rest = left(project)
    assert 0 < rest < COUNT
    assert f"Deleted {COUNT - rest} task result(s)" in command.output()
    assert "and was interrupted" in command.output()
    again = project.manage("prune_db_task_results", "--min-age", "12h")
    assert f"Deleted {rest} task result(s)" in again.stdout
    assert [row["status"] for row in project.rows()] == ["READY"]

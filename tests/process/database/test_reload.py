"""db_worker --reload as a developer meets it: a file is saved, and the next task runs new code."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.project import Process, Project, wait_for

pytestmark = pytest.mark.process

CODE = """
import time
from bridge import task
from tests.app.models import Run

@task()
def speak():
    Run.objects.create(name={name!r})

@task(on_lost="fail")
def linger():
    Run.objects.create(name="start {name}")
    time.sleep(2.5)
    Run.objects.create(name="end {name}")
"""
SETTINGS = """
from tests.process.settings import *
INSTALLED_APPS = [*INSTALLED_APPS, "draft"]
DEBUG = {debug}
"""


class Draft:
    """An app whose tasks are being written; a worker imports them with the first task."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.folder = folder / "draft"
        self.folder.mkdir(parents=True)
        (self.folder / "__init__.py").touch()
        self.environment = {
            **project.environment,
            "PYTHONPATH": os.pathsep.join([str(folder), project.environment["PYTHONPATH"]]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "draft_settings",
        }
        self.settings = folder / "draft_settings.py"
        self.settings.write_text(SETTINGS.format(debug=False))
        self.write(CODE.format(name="old"))

    def write(self, text: str) -> None:
        (self.folder / "tasks.py").write_text(text)

    def worker(self, *arguments: str) -> Process:
        log = self.project.folder / f"worker-{len(self.project.workers)}.log"
        command = [sys.executable, "-m", "django", "db_worker", "--interval", "0.1", *arguments]
        self.project.workers.append(Process(command, self.environment, log, fresh=True))
        return self.project.workers[-1]

    def enqueue(self, name: str) -> None:
        # The console keeps the code it imported; the row is all that counts.
        self.project.run(
            "from django.db import transaction\n"
            "with transaction.atomic():\n"
            "    id = note_fail.enqueue('x').id\n"
            f"    TaskRow.objects.filter(id=id).update(task_path='draft.tasks.{name}', args=[])"
        )

    def says(self, word: str) -> None:
        """Enqueue speak() until a worker answers with this word."""

        def look() -> bool:
            self.enqueue("speak")
            time.sleep(0.3)
            return word in self.project.runs()

        wait_for(look, f"a worker that says {word!r}")


@pytest.fixture
def draft(project: Project, tmp_path: Path) -> Iterator[Draft]:
    return Draft(project, tmp_path / "src")


def banners(worker: Process) -> int:
    return worker.output().count("db_worker worker=")


def test_running_task_finishes_before_the_worker_runs_the_new_code(draft: Draft) -> None:
    worker = draft.worker("--reload")
    draft.enqueue("linger")
    wait_for(lambda: "start old" in draft.project.runs(), "the start of the task")

    draft.write(CODE.format(name="new"))
    draft.says("new")

    assert "end old" in draft.project.runs()
    assert "tasks.py changed" in worker.output()
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    assert {row["losses"] for row in draft.project.rows()} == {0}


def test_broken_settings_are_waited_out(draft: Draft) -> None:
    worker = draft.worker("--reload")
    draft.says("old")
    settings = draft.settings.read_text()

    draft.settings.write_text("this is no Python")
    wait_for(lambda: "waits for a file to change" in worker.output(), "the broken settings")
    draft.write(CODE.format(name="mended"))
    draft.settings.write_text(settings)

    draft.says("mended")
    worker.signal(signal.SIGINT)
    assert worker.exit_code() == 0


def test_second_signal_to_the_watcher_kills_the_running_task(draft: Draft) -> None:
    draft.write(CODE.format(name="old").replace("2.5", "60"))
    worker = draft.worker("--reload")
    draft.enqueue("linger")
    wait_for(lambda: "start old" in draft.project.runs(), "the start of the task")

    os.killpg(worker.popen.pid, signal.SIGINT)  # as a terminal does it: to every process
    wait_for(lambda: "stopping" in worker.output(), "the first message")
    time.sleep(0.5)
    assert worker.popen.poll() is None
    os.killpg(worker.popen.pid, signal.SIGINT)

    assert worker.exit_code(15) == 0
    assert draft.project.row()["status"] == "FAILED"


def test_worker_ends_with_a_killed_watcher(draft: Draft) -> None:
    worker = draft.worker("--reload")
    draft.says("old")

    worker.signal(signal.SIGKILL)

    wait_for(lambda: draft.project.run("give(WorkerRow.objects.count())") == 0, "the end")


def test_debug_turns_it_on_but_not_in_a_batch(draft: Draft) -> None:
    draft.settings.write_text(SETTINGS.format(debug=True))
    draft.enqueue("speak")

    assert draft.worker("--batch").exit_code() == 0
    assert "reload=yes" not in draft.project.workers[-1].output()

    watched, plain = draft.worker(), draft.worker("--no-reload")
    wait_for(lambda: banners(watched) and banners(plain), "both workers")
    assert "reload=yes" in watched.output()
    assert "reload=yes" not in plain.output()

"""Tasks that may have killed their worker, and what they do to their neighbours."""

from __future__ import annotations

import time

import pytest

from tests.process.project import Project

pytestmark = pytest.mark.process

SUSPECT = """
from django.db import transaction
with transaction.atomic():
    task = note.enqueue('suspect')
    TaskRow.objects.filter(id=task.id).update(losses=1)
"""


def test_suspect_that_somebody_else_took_keeps_no_thread_idle(project: Project) -> None:
    project.run("linger_fail.enqueue('long', 90)")
    project.worker("--concurrency", "2")
    project.wait_for_runs(1)
    project.run(SUSPECT)
    time.sleep(1)
    assert len(project.runs()) == 1  # it waits until it is alone
    project.run("TaskRow.objects.filter(losses=1).update(queue_name='taken', transport='other')")

    project.run("note.enqueue('neighbour')")

    assert project.wait_for_runs(2)[1] == "neighbour"

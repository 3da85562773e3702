"""What a task says about its own execution means the same on every backend that runs it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from bridge.interface import TaskResultStatus
from tests.app import tasks, transactional
from tests.app.models import Run
from tests.conformance.harness import Harness, finished

PAST = dt.timedelta(microseconds=1)
SOON = dt.timedelta(hours=1)


@pytest.mark.needs("executes")
@pytest.mark.parametrize("expires", [PAST, 1e-6, "a datetime"])
def test_task_that_has_expired_fails_and_is_not_started(harness: Harness, expires: Any) -> None:
    if expires == "a datetime":
        expires = timezone.now() - SOON

    result = finished(harness, tasks.note.using(expires=expires).enqueue("late"))

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class_path == "bridge.exceptions.TaskExpired"
    assert not Run.objects.exists()


@pytest.mark.needs("executes")
@pytest.mark.parametrize("expires", [SOON, 3600, None])
def test_task_that_starts_in_time_runs(harness: Harness, expires: Any) -> None:
    result = finished(harness, tasks.note.using(expires=expires).enqueue("in time"))

    assert result.status == TaskResultStatus.SUCCESSFUL


def test_expiry_counts_from_the_enqueueing(harness: Harness) -> None:
    late = tasks.add.using(expires=SOON)
    before = timezone.now()

    result = late.enqueue(1, 2)

    assert result.expires_at is not None
    assert before + SOON <= result.expires_at <= timezone.now() + SOON


@pytest.mark.needs("executes", "runs_here")
def test_expired_task_is_announced_as_finished_and_never_as_started(harness: Harness) -> None:
    from bridge.interface import task_finished, task_started

    heard: list[str] = []

    def start(**kwargs: Any) -> None:
        heard.append("started")

    def finish(task_result: Any, **kwargs: Any) -> None:
        heard.append(task_result.status)

    task_started.connect(start)
    task_finished.connect(finish)
    try:
        finished(harness, tasks.note.using(expires=PAST).enqueue("late"))
    finally:
        task_started.disconnect(start)
        task_finished.disconnect(finish)

    assert heard == ["FAILED"]


@pytest.mark.needs("executes")
@pytest.mark.honours("transactional")
def test_failed_transactional_task_leaves_nothing_behind(harness: Harness) -> None:
    if harness.database != "default":
        pytest.skip("the bodies write to another database than that of the ledger")
    result = finished(harness, transactional.record_and_fail.enqueue("a"))

    assert (result.status, Run.objects.count()) == (TaskResultStatus.FAILED, 0)


@pytest.mark.needs("executes")
@pytest.mark.honours("transactional")
def test_transactional_task_that_succeeds_is_stored_with_its_work(harness: Harness) -> None:
    result = finished(harness, transactional.record.enqueue("a"))

    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, "a")
    assert Run.objects.get().name == "a"

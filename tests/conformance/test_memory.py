"""The two backends of tests and development: one keeps tasks in memory, one runs them at once."""

from __future__ import annotations

import pytest

from bridge.interface import TaskResultStatus
from tests.app import promises, tasks
from tests.app.models import Run
from tests.conformance.harness import Harness


@pytest.mark.needs("keeps_in_memory")
def test_kept_tasks_are_listed_in_order_and_stay_ready(harness: Harness) -> None:
    results = [tasks.note.enqueue("first"), tasks.add.enqueue(1, 2), tasks.note.enqueue("last")]

    assert harness.backend.results == results  # type: ignore[attr-defined]
    assert {result.status for result in harness.backend.results} == {TaskResultStatus.READY}  # type: ignore[attr-defined]
    assert Run.objects.count() == 0


@pytest.mark.needs("keeps_in_memory")
def test_kept_tasks_are_found_and_forgotten(harness: Harness) -> None:
    result = tasks.add.enqueue(1, 2)
    assert tasks.add.get_result(result.id) == result

    harness.backend.clear()  # type: ignore[attr-defined]

    assert harness.backend.results == []  # type: ignore[attr-defined]


@pytest.mark.needs("runs_at_once")
def test_task_has_run_when_enqueue_returns(harness: Harness) -> None:
    result = tasks.note.enqueue("now")

    assert result.status == TaskResultStatus.SUCCESSFUL
    assert [run.name for run in Run.objects.all()] == ["now"]


@pytest.mark.needs("runs_at_once")
def test_exception_of_a_task_does_not_reach_the_caller(harness: Harness) -> None:
    assert promises.fails_later.enqueue("on purpose").status == TaskResultStatus.FAILED


@pytest.mark.needs("runs_at_once")
def test_option_lets_exceptions_reach_the_caller(harness: Harness) -> None:
    with harness.configured(OPTIONS={"PROPAGATE": True}):
        with pytest.raises(LookupError, match="on purpose"):
            promises.fails_later.enqueue("on purpose")

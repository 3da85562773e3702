"""Code that was written against the drafts of the Tasks API."""

from __future__ import annotations

import pytest
from django.db import models

from bridge import drafts
from bridge.interface import TaskResultStatus
from tests.app import promises, tasks
from tests.conformance.harness import Harness, finished


def test_statuses_have_their_old_names_too() -> None:
    assert drafts.ResultStatus.NEW is TaskResultStatus.READY
    assert drafts.ResultStatus.COMPLETE is TaskResultStatus.SUCCESSFUL
    assert drafts.ResultStatus.SUCCEEDED is TaskResultStatus.SUCCESSFUL
    assert drafts.ResultStatus.FAILED is TaskResultStatus.FAILED
    assert drafts.ResultStatus("NEW") is drafts.ResultStatus["NEW"] is TaskResultStatus.READY
    assert drafts.ResultStatus("RUNNING") is TaskResultStatus.RUNNING
    assert list(drafts.ResultStatus) == list(TaskResultStatus)
    assert models.CharField(choices=drafts.ResultStatus.choices).choices
    assert isinstance(TaskResultStatus.READY, drafts.ResultStatus)
    with pytest.raises(AttributeError):
        drafts.ResultStatus.LOST  # noqa: B018


def test_draft_code_enqueues_and_reads_a_result(harness: Harness) -> None:
    declared = drafts.task(priority=5)(tasks.add.func)

    result = drafts.tasks["default"].enqueue(declared, [1, 2], {})

    assert result.status in (drafts.ResultStatus.NEW, drafts.ResultStatus.COMPLETE)
    if harness.executes:
        result = finished(harness, result)
        assert result.status == drafts.ResultStatus.COMPLETE
        assert result.result == result.return_value == 3
        assert (result.exception, result.traceback) == (None, None)


@pytest.mark.needs("executes")
def test_failure_has_an_exception_and_a_traceback(harness: Harness) -> None:
    result = finished(harness, tasks.fail.enqueue("on purpose"))

    assert isinstance(result.exception, ValueError)
    assert str(result.exception) == "on purpose"
    assert isinstance(result.traceback, str)
    assert result.traceback == result.errors[0].traceback


def test_unfinished_task_has_no_result_nor_exception(harness: Harness) -> None:
    if harness.runs_at_once:
        pytest.skip("the task has run when enqueue() returns")
    result = promises.bare.enqueue()

    with pytest.raises(ValueError, match="not finished"):
        result.result  # noqa: B018
    assert (result.exception, result.traceback) == (None, None)


def test_exceptions_have_their_old_names_too(harness: Harness) -> None:
    with pytest.raises(drafts.InvalidTaskError):
        tasks.add.using(priority=101)
    with pytest.raises(drafts.InvalidTaskBackendError):
        tasks.add.using(backend="nowhere")


@pytest.mark.needs("supports_get_result")
def test_one_exception_stood_for_no_result_and_for_that_of_another_task(harness: Harness) -> None:
    result = tasks.add.enqueue(1, 2)

    with pytest.raises(drafts.ResultDoesNotExist):
        tasks.fail.get_result(result.id)
    with pytest.raises(drafts.ResultDoesNotExist):
        drafts.default_task_backend.get_result("no-such-id")

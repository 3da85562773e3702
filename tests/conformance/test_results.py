"""Results: found again from anywhere, by the right task only."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction

from bridge.interface import TaskResultDoesNotExist, TaskResultMismatch, TaskResultStatus
from tests.app import tasks
from tests.conformance.harness import Harness

pytestmark = pytest.mark.needs("supports_get_result")


def test_result_is_found_by_task_and_by_backend(harness: Harness) -> None:
    result = tasks.add.using(priority=7, queue_name="mail").enqueue(1, b=2)

    assert tasks.add.get_result(result.id) == result
    assert harness.backend.get_result(result.id) == result


def test_result_is_found_asynchronously(harness: Harness) -> None:
    result = async_to_sync(tasks.add.aenqueue)(1, 2)

    assert async_to_sync(tasks.add.aget_result)(result.id) == result
    async_to_sync(result.arefresh)()
    assert result.status == TaskResultStatus.READY


@pytest.mark.parametrize("unknown", ["no-such-id", "6a1f1d6e-3a0b-4f0e-8f7e-0a9a3f7b9c11", ""])
def test_unknown_id_does_not_exist(harness: Harness, unknown: str) -> None:
    with pytest.raises(TaskResultDoesNotExist):
        harness.backend.get_result(unknown)


def test_result_of_another_task_is_a_mismatch(harness: Harness) -> None:
    result = tasks.add.enqueue(1, 2)

    with pytest.raises(TaskResultMismatch):
        tasks.fail.get_result(result.id)


@pytest.mark.needs("executes")
def test_refresh_sees_what_a_worker_did(harness: Harness) -> None:
    result = tasks.add.enqueue(1, 2)
    assert result.status == TaskResultStatus.READY

    harness.work()

    assert result.status == TaskResultStatus.READY
    result.refresh()
    assert result.status == TaskResultStatus.SUCCESSFUL


def test_rollback_takes_the_task_back(harness: Harness) -> None:
    with transaction.atomic(using=harness.database):
        result = tasks.note.enqueue("never")
        transaction.set_rollback(True, using=harness.database)

    with pytest.raises(TaskResultDoesNotExist):
        harness.backend.get_result(result.id)


@pytest.mark.needs("executes")
def test_stored_task_survives_a_queue_removed_from_the_settings(harness: Harness) -> None:
    result = tasks.add.using(queue_name="slow").enqueue(1, 2)

    harness.backend.queues.remove("slow")

    assert harness.backend.get_result(result.id).task.queue_name == "slow"

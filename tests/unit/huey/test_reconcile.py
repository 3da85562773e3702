"""What consumers of the old code have done, as Huey's results tell it."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from huey import Huey

from bridge.ledger.messages import UNRECORDED
from bridge.ledger.models import FAILED, READY, SUCCESSFUL, TaskRow
from compat.huey.backend import HueyBackend
from compat.huey.reconcile import class_path
from tests.app import tasks

pytestmark = pytest.mark.django_db(transaction=True)


def run_by_old_code(huey: Huey, body: Any, **options: Any) -> None:
    """Take the next message and run body for it, as a consumer without a ledger would."""
    (data,) = [huey.storage.dequeue()]
    message = huey.serializer.deserialize(data)
    other = type(huey)("other", **options)
    other.storage = huey.storage
    body.__module__, body.__name__ = message.name.rpartition(".")[::2]
    other.task()(body)
    other.execute(other._registry.create_task(message))


def test_success_is_seen_and_stays_for_readers_of_old_code(
    backend: HueyBackend, huey: Huey
) -> None:
    result = tasks.add.enqueue(1, 2)
    run_by_old_code(huey, lambda a, b: a + b)

    result.refresh()

    assert (result.status, result.return_value) == (SUCCESSFUL, 3)
    assert result.worker_ids == [UNRECORDED]
    assert huey.result(result.id) == 3


def test_failure_is_seen_with_its_class(backend: HueyBackend, huey: Huey) -> None:
    def fail(text: str) -> None:
        raise LookupError(text)

    result = tasks.fail.enqueue("boom")
    run_by_old_code(huey, fail)

    result.refresh()

    assert result.status == FAILED
    assert result.errors[0].exception_class is LookupError
    assert "boom" in result.errors[0].traceback


def test_nothing_is_settled_between_two_attempts(backend: HueyBackend, huey: Huey) -> None:
    result = tasks.fail.enqueue("boom")
    huey.put_result(result.id, _error(retries=2))

    result.refresh()

    assert result.status == READY


@pytest.mark.parametrize("options", [{"results": False}, {}])
def test_what_huey_does_not_keep_stays_ready(
    backend: HueyBackend, huey: Huey, options: dict[str, Any]
) -> None:
    result = tasks.note.enqueue("x")
    run_by_old_code(huey, lambda name: None, **options)

    result.refresh()

    assert result.status == READY


def test_requeued_task_is_not_settled_by_its_earlier_run(backend: HueyBackend, huey: Huey) -> None:
    result = tasks.add.enqueue(1, 2)
    run_by_old_code(huey, lambda a, b: a + b)
    result.refresh()

    backend.requeue(result.id)

    result.refresh()
    assert result.status == READY
    assert TaskRow.objects.get().token == 1


def test_result_that_cannot_be_read_leaves_the_task_ready(
    backend: HueyBackend, huey: Huey, caplog: pytest.LogCaptureFixture
) -> None:
    result = tasks.add.enqueue(1, 2)
    huey.storage.put_data(result.id, b"not a pickle")

    result.refresh()

    assert result.status == READY
    assert f"task={result.id}" in caplog.text


@pytest.mark.parametrize(
    ("error", "traceback", "path"),
    [
        ("ValueError('x')", "Traceback:\nValueError: x", "builtins.ValueError"),
        ("Gone('x')", "Traceback:\nshop.errors.Gone: x\nsecond: line", "shop.errors.Gone"),
        ("Gone('x')", "Traceback:\nshop.errors.Gone", "shop.errors.Gone"),
        ("<odd>", "Traceback:\nshop.errors.Odd: x", "builtins.Exception"),
        ("Gone('x')", "", "builtins.Exception"),
    ],
)
def test_class_is_read_from_what_huey_keeps(error: str, traceback: str, path: str) -> None:
    assert class_path(error, traceback) == path


def _error(**metadata: Any) -> Any:
    from huey import Error

    return Error({"error": "ValueError('x')", "traceback": "", **metadata})


def test_cancelled_task_is_dropped_by_old_code_and_runs_again_when_it_is_requeued(
    backend: HueyBackend, huey: Huey
) -> None:
    ran: list[str] = []
    result = tasks.note.enqueue("x")

    backend.cancel(result.id)
    run_by_old_code(huey, lambda name: ran.append(name))
    assert ran == []

    backend.requeue(result.id)
    run_by_old_code(huey, lambda name: ran.append(name))
    assert ran == ["x"]


def test_cancelling_does_without_a_storage_that_is_away(
    backend: HueyBackend, huey: Huey, caplog: pytest.LogCaptureFixture
) -> None:
    result = tasks.note.enqueue("x")

    with mock.patch.object(huey.storage, "put_data", side_effect=ConnectionError("refused")):
        backend.cancel(result.id)

    result.refresh()
    assert result.status == FAILED
    assert "may still run it" in caplog.text

"""What old workers did, read from Celery's result backend."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest import mock

import pytest
from celery import Celery
from celery.exceptions import Retry
from django.utils import timezone

from bridge.ledger.models import FAILED, READY, SUCCESSFUL, TaskRow
from compat.celery.backend import CeleryBackend
from compat.celery.meta import moment
from tests.app import tasks

pytestmark = pytest.mark.django_db(transaction=True)


class Unpicklable(Exception):
    def __init__(self, first: object, second: object) -> None:
        super().__init__("cannot be made from its args")
        self.lock = object()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_success_of_an_old_worker_settles_the_row(
    backend: CeleryBackend, app: Celery, zone: str
) -> None:
    app.conf.timezone = zone
    result = tasks.add.enqueue(1, 2)
    app.backend.mark_as_done(result.id, 3)

    result.refresh()

    assert (result.status, result.return_value, result.attempts) == (SUCCESSFUL, 3, 1)
    assert abs(timezone.now() - result.finished_at) < dt.timedelta(seconds=5)
    assert TaskRow.objects.get().status == SUCCESSFUL


def test_failure_of_an_old_worker_keeps_class_and_traceback(
    backend: CeleryBackend, app: Celery
) -> None:
    result = tasks.add.enqueue(1, 2)
    app.backend.mark_as_failure(result.id, LookupError("x"), traceback="Traceback: x")

    result.refresh()

    assert result.status == FAILED
    assert result.errors[0].exception_class_path == "builtins.LookupError"
    assert result.errors[0].traceback == "Traceback: x"


def test_revoked_task_has_failed(backend: CeleryBackend, app: Celery) -> None:
    result = tasks.add.enqueue(1, 2)
    app.backend.mark_as_revoked(result.id, "revoked")

    result.refresh()

    assert result.errors[0].exception_class_path == "celery.exceptions.TaskRevokedError"


@pytest.mark.parametrize("state", ["STARTED", "RETRY", "PENDING"])
def test_unfinished_states_leave_the_row(backend: CeleryBackend, app: Celery, state: str) -> None:
    result = tasks.add.enqueue(1, 2)
    if state == "RETRY":
        app.backend.mark_as_retry(result.id, Retry())
    elif state == "STARTED":
        app.backend.mark_as_started(result.id)

    result.refresh()

    assert result.status == READY


def test_end_of_an_earlier_attempt_of_ours_is_not_taken_for_the_end(
    backend: CeleryBackend, app: Celery
) -> None:
    """Celery stores FAILURE for a killed worker, and the ledger has requeued the task since."""
    result = tasks.add.enqueue(1, 2)
    app.backend.mark_as_failure(result.id, RuntimeError("worker lost"))
    TaskRow.objects.update(token=1, published_at=timezone.now() + dt.timedelta(seconds=1))

    result.refresh()
    assert result.status == READY

    TaskRow.objects.update(published_at=timezone.now() - dt.timedelta(minutes=1))
    result.refresh()
    assert result.status == FAILED


def test_value_that_json_does_not_have_is_stored_marked(
    backend: CeleryBackend, app: Celery
) -> None:
    result = tasks.add.enqueue(1, 2)
    app.backend.mark_as_done(result.id, dt.date(2026, 1, 1))

    result.refresh()

    assert result.return_value == {"__type__": "date", "__value__": "2026-01-01"}


def test_silent_result_backend_does_not_break_reading(
    backend: CeleryBackend, app: Celery, caplog: pytest.LogCaptureFixture
) -> None:
    result = tasks.add.enqueue(1, 2)
    with mock.patch.object(app.backend, "mget", side_effect=OSError("away")):
        result.refresh()

    assert result.status == READY
    assert "away" in caplog.text


def test_without_result_backend_the_row_stays_ready(backend: CeleryBackend, app: Celery) -> None:
    app.conf.result_backend = None
    result = tasks.add.enqueue(1, 2)

    result.refresh()

    assert result.status == READY


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-01T09:00:00+09:00", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ("2026-01-01T00:00:00", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        (dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        (None, None),
    ],
)
def test_date_done_is_read_in_all_its_forms(value: Any, expected: Any) -> None:
    assert moment(value) == expected


def test_many_are_cancelled_with_one_question_to_the_result_backend(
    backend: CeleryBackend, app: Celery
) -> None:
    ids = [str(tasks.add.enqueue(1, 2).id) for _ in range(3)]
    app.backend.mark_as_done(ids[0], 3)

    with mock.patch.object(app.backend, "mget", side_effect=app.backend.mget) as mget:
        answers = backend.cancel_many(ids)

    assert [answers[id_].name for id_ in ids] == ["TOO_LATE", "DONE", "DONE"]
    assert mget.call_count == 1


def test_result_backend_that_is_away_is_asked_once_for_many(
    backend: CeleryBackend, app: Celery
) -> None:
    ids = [str(tasks.add.enqueue(1, 2).id) for _ in range(3)]

    with mock.patch.object(app.backend, "mget", side_effect=OSError("away")) as mget:
        answers = backend.cancel_many(ids)

    assert {answer.name for answer in answers.values()} == {"DONE"}
    assert mget.call_count == 1

from __future__ import annotations

import logging

import pytest

from bridge.backends.database import DatabaseBackend
from bridge.interface import task_backends, tasks_logger
from bridge.ledger.models import TaskRow
from bridge.outcome import Failed, describe
from bridge.worker.announcer import Announcer
from tests.app import tasks

pytestmark = pytest.mark.django_db(transaction=True)


def test_failure_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    backend = task_backends["default"]
    assert isinstance(backend, DatabaseBackend)
    result = tasks.fail.enqueue("on purpose")
    (row,) = backend.store.claim(transport="db", worker="test", worker_id="test:1")
    error = ValueError("on purpose")
    outcome = Failed(exception=error, error=describe(error))
    assert backend.store.finish(row, outcome)
    caplog.set_level(logging.ERROR, logger=tasks_logger.name)

    announcer = Announcer(backend)
    announcer.put([(TaskRow.objects.get(id=row.id), outcome)])
    announcer.close()

    (record,) = caplog.records
    assert result.id in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is error

from __future__ import annotations

import time
from typing import Any, cast

import pytest
from django.db import OperationalError

from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends, task_finished
from bridge.ledger.models import RUNNING, TaskRow
from bridge.recovery import recover
from tests.app.tasks import note_fail

pytestmark = pytest.mark.django_db


def test_many_lost_tasks_with_a_slow_receiver_leave_time_to_renew_the_lease() -> None:
    backend = cast("LedgerBackend", task_backends["default"])
    backend.__dict__["lease"] = 1.0
    note_fail.enqueue_many([(str(number),) for number in range(10)])
    TaskRow.objects.update(status=RUNNING, worker="dead", token=1, worker_ids=["dead:1"])

    def slow(**kwargs: Any) -> None:
        time.sleep(0.1)

    task_finished.connect(slow)
    started = time.monotonic()
    try:
        first = recover(backend)
        assert time.monotonic() - started < 0.7
        second = recover(backend)
    finally:
        task_finished.disconnect(slow)

    assert 0 < len(first) < 10
    assert 0 < len(second) < 10
    assert not {row.id for row in first} & {row.id for row in second}


@pytest.mark.parametrize("problem", [OperationalError(1205, "Lock wait"), KeyError("what")])
def test_row_that_cannot_be_ended_now_does_not_keep_the_others(
    problem: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    backend = cast("LedgerBackend", task_backends["default"])
    results = note_fail.enqueue_many([(str(number),) for number in range(3)])
    TaskRow.objects.update(status=RUNNING, worker="dead", token=1, worker_ids=["dead:1"])
    lose = backend.store.lose

    def refuse(row: TaskRow, reason: str, **options: Any) -> bool:
        if str(row.id) == results.ids[0]:
            raise problem
        return lose(row, reason, **options)

    monkeypatch.setattr(backend.store, "lose", refuse)

    assert {str(row.id) for row in recover(backend)} == set(results.ids[1:])
    assert f"task={results.ids[0]}" in caplog.text


def test_database_that_is_away_ends_the_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = cast("LedgerBackend", task_backends["default"])
    note_fail.enqueue("x")
    TaskRow.objects.update(status=RUNNING, worker="dead", token=1, worker_ids=["dead:1"])

    def away(row: TaskRow, reason: str, **options: Any) -> bool:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(backend.store, "lose", away)

    with pytest.raises(OperationalError):
        recover(backend)

from __future__ import annotations

import time
from typing import Any, cast

import pytest

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

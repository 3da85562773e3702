"""What the threads of a child process do with the tasks they are given."""

from __future__ import annotations

import time
from typing import cast

import pytest

from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends
from bridge.ledger.models import TaskRow
from bridge.worker.executor import Executor
from bridge.worker.floor import Floor
from bridge.worker.held import Held
from bridge.worker.marks import Marks
from tests.app.tasks import add

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("late", "runs"), [(1.0, False), (-60.0, True)])
def test_task_that_is_late_under_its_rate_is_handed_back_and_not_started(
    late: float, runs: bool
) -> None:
    backend = cast("LedgerBackend", task_backends["default"])
    add.enqueue(1, 2)
    (row,) = backend.store.claim(transport="db", worker="w", worker_id="w:1")
    floor, marks = Floor(1), Marks(1)
    held = Held(row, slot=0, start_by=time.monotonic() - late)
    floor.put(held)
    floor.close(1)

    Executor(backend, floor, marks).work()

    assert floor.collect() == [held]
    assert (held.outcome is not None) == runs
    assert [mark.id for mark in marks.read()] == ([row.id] if runs else [])
    assert TaskRow.objects.get().status == "RUNNING"  # the courier stores it, or gives it back
    marks.close()

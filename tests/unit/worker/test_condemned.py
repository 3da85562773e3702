"""Children with a task past its hard timeout: real processes that do as their marks say."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import cast

import pytest
from django.db import OperationalError

from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends
from bridge.ledger.models import RUNNING, TaskRow
from bridge.ledger.store import Store
from bridge.worker import condemned
from bridge.worker.children import ChildProcess
from bridge.worker.condemned import Condemned
from bridge.worker.marks import NO_DEADLINE, Mark, Marks
from bridge.worker.settling import Settling
from tests.app.tasks import note_retry
from tests.process.project import wait_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),  # xdist's threads
    pytest.mark.timeout(30),
]
LONG_AGO = 0.001


def deaf(marks: Marks) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


@pytest.fixture
def child() -> Iterator[ChildProcess]:
    # It inherits what it says itself a little later, perhaps after the first SIGTERM.
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = ChildProcess.start(deaf, 1)
    signal.signal(signal.SIGTERM, before)
    yield child
    child.process.kill()
    child.close()


def judge(grace: float = 60) -> Condemned:
    backend = cast("LedgerBackend", task_backends["default"])
    return Condemned(Settling(backend, "w1"), "w1", grace)


def start(child: ChildProcess, slot: int, deadline: float) -> TaskRow:
    """Let a task run in the child, as the ledger and the marks have it."""
    row = TaskRow.objects.get(id=note_retry.enqueue("x").id)
    row.status, row.worker, row.token, row.worker_ids = RUNNING, "w1", 1, [child.id]
    row.save()
    child.marks.set(slot, Mark(row.id, row.token, deadline))
    return row


def status(row: TaskRow) -> str:
    return TaskRow.objects.get(id=row.id).status


def test_child_in_time_is_left_alone(child: ChildProcess) -> None:
    start(child, 0, time.monotonic() + 60)
    start(child, 1, NO_DEADLINE)

    assert not judge().look(child)

    assert not child.condemned


def test_overdue_task_fails_at_once_and_its_neighbours_run_on(child: ChildProcess) -> None:
    overdue, neighbour = start(child, 0, LONG_AGO), start(child, 1, NO_DEADLINE)
    one = judge()

    assert one.look(child)
    assert not one.look(child)  # only once: it gets one successor

    assert (status(overdue), status(neighbour)) == ("FAILED", "RUNNING")
    assert child.alive


def test_ledger_that_is_away_delays_no_kill_and_hears_of_the_failure_later(
    child: ChildProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object) -> None:
        raise OperationalError("away")

    overdue, _ = start(child, 0, LONG_AGO), start(child, 1, NO_DEADLINE)
    one = judge(grace=0.2)
    with monkeypatch.context() as outage:
        outage.setattr(Store, "held", away)
        assert one.look(child)
        wait_for(lambda: one.look(child) or not child.alive, "the kill after the grace")

    assert status(overdue) == "RUNNING"
    wait_for(lambda: one._settling.settle(child), "the ledger's return")
    row = TaskRow.objects.get(id=overdue.id)
    assert [each["exception_class_path"] for each in row.errors] == [
        "bridge.exceptions.HardTimeout"
    ]


def test_failure_is_told_to_the_ledger_once_it_is_back(
    child: ChildProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr("bridge.worker.settling.RETRY", 0.05)
    overdue, _ = start(child, 0, LONG_AGO), start(child, 1, NO_DEADLINE)
    one = judge()
    with monkeypatch.context() as outage:
        outage.setattr(Store, "held", away)
        one.look(child)

    wait_for(lambda: one.look(child) or status(overdue) == "FAILED", "the failure")

    assert child.alive


def test_child_that_does_not_leave_is_killed_soon_after_its_last_neighbour(
    child: ChildProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(condemned, "LEAVE", 0.2)
    start(child, 0, LONG_AGO)
    start(child, 1, NO_DEADLINE)
    one = judge()
    one.look(child)
    child.marks.end(1, b"S")  # its outcome is safe in the marks

    wait_for(lambda: one.look(child) or not child.alive, "the kill")


def test_task_that_ended_late_and_before_anybody_looked_is_not_overdue(
    child: ChildProcess,
) -> None:
    row = start(child, 0, LONG_AGO)
    child.marks.end(0, b"S")

    assert not judge().look(child)

    assert status(row) == "RUNNING"

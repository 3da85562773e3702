from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from django.db import InternalError, OperationalError

from bridge.backends.ledger import LedgerBackend
from bridge.interface import TaskError, task_backends
from bridge.ledger.models import RUNNING, TaskRow
from bridge.ledger.store import Store
from bridge.outcome import Failed, RetryLater, Succeeded
from bridge.worker.last_words import pack
from bridge.worker.marks import Mark
from bridge.worker.settling import Settling
from tests.app.tasks import note_fail, note_retry

pytestmark = pytest.mark.django_db
CHILD = "host:7"


def settling() -> Settling:
    return Settling(cast("LedgerBackend", task_backends["default"]), "w1")


def held(task: Any = note_retry, *, child: str = CHILD) -> TaskRow:
    """Return a row that a child of worker w1 has claimed."""
    row = TaskRow.objects.get(id=task.enqueue("x").id)
    row.status, row.worker, row.token, row.worker_ids = RUNNING, "w1", 1, [child]
    row.save()
    return row


def dead(*started: TaskRow, overdue: set[tuple[UUID, int]] | None = None) -> Any:
    marks = [Mark(row.id, row.token, 0.0) for row in started]
    return SimpleNamespace(
        id=CHILD,
        pid=7,
        overdue=overdue or set(),
        ending="was killed by SIGKILL",
        marks=SimpleNamespace(read=lambda: marks),
    )


def test_started_tasks_are_lost_and_their_neighbours_go_back_at_no_cost() -> None:
    retried, failed, neighbour = held(), held(note_fail), held(note_fail)

    assert settling().settle(dead(retried, failed))

    for row in (retried, failed, neighbour):
        row.refresh_from_db()
    assert (retried.status, retried.losses, retried.worker_ids) == ("READY", 1, [CHILD])
    assert (failed.status, failed.losses) == ("FAILED", 1)
    assert "Worker process host:7 was killed by SIGKILL in mid-task" in str(failed.errors)
    assert (neighbour.status, neighbour.losses, neighbour.worker_ids) == ("READY", 0, [])


def test_overdue_task_fails_with_hard_timeout_even_if_it_may_be_repeated() -> None:
    row = held()

    assert settling().settle(dead(row, overdue={(row.id, row.token)}))

    row.refresh_from_db()
    assert row.status == "FAILED"
    assert row.errors[0]["exception_class_path"] == "bridge.exceptions.HardTimeout"


def test_overdue_task_keeps_its_place_until_its_process_is_gone() -> None:
    unlimited, limited = held(), held()
    TaskRow.objects.filter(id=limited.id).update(limits={"concurrency": ["k", 1]})
    child = dead(unlimited, limited, overdue={(row.id, row.token) for row in (unlimited, limited)})
    child.timed_out = set()
    it = settling()

    it.time_out(child)
    statuses = TaskRow.objects.values_list("id", "status")
    assert dict(statuses) == {unlimited.id: "FAILED", limited.id: "RUNNING"}

    assert it.settle(child)
    limited.refresh_from_db()
    assert limited.errors[0]["exception_class_path"] == "bridge.exceptions.HardTimeout"


def test_rows_of_living_children_are_left_alone() -> None:
    row = held(child="host:8")

    assert settling().settle(dead())

    row.refresh_from_db()
    assert (row.status, row.worker) == (RUNNING, "w1")


def test_mark_of_an_earlier_claim_says_nothing_about_this_one() -> None:
    row = held()
    stale = SimpleNamespace(id=row.id, token=row.token - 1)

    assert settling().settle(dead(cast("TaskRow", stale), overdue={(stale.id, stale.token)}))

    row.refresh_from_db()
    assert (row.status, row.losses) == ("READY", 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "error",
    [OperationalError("away"), InternalError("cannot execute UPDATE in a read-only transaction")],
)
def test_outage_is_tried_again_after_a_while_and_nothing_is_lost_meanwhile(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = held()
    one = settling()

    def away(*args: object) -> None:
        raise error

    with monkeypatch.context() as outage:
        outage.setattr(Store, "tasks", property(away))
        assert not one.settle(dead(row))
    assert not one.settle(dead(row))  # too early for another try
    monkeypatch.setattr(one, "_next", 0.0)

    assert one.settle(dead(row))
    assert not one.incomplete
    row.refresh_from_db()
    assert row.losses == 1


def test_what_cannot_be_settled_is_left_to_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object) -> None:
        raise LookupError("a bug")

    monkeypatch.setattr(Store, "tasks", property(broken))
    one = settling()

    assert one.settle(dead())
    assert one.incomplete
    assert "worker=w1 pid=7 could not settle" in caplog.text


def test_task_that_ended_before_its_process_died_is_stored_as_it_ended() -> None:
    succeeded, failed = held(note_fail), held(note_fail)
    error = TaskError(exception_class_path="builtins.ValueError", traceback="...")
    child = dead()
    child.marks.read = lambda: [
        Mark(succeeded.id, succeeded.token, 0.0, pack(Succeeded(value=5))),
        Mark(failed.id, failed.token, 0.0, pack(Failed(exception=ValueError(), error=error))),
    ]

    assert settling().settle(child)

    succeeded.refresh_from_db()
    failed.refresh_from_db()
    assert (succeeded.status, succeeded.return_value, succeeded.losses) == ("SUCCESSFUL", 5, 0)
    assert (failed.status, failed.losses) == ("FAILED", 0)
    assert [each["exception_class_path"] for each in failed.errors] == ["builtins.ValueError"]


def test_outcome_that_no_row_can_hold_fails_its_task_and_no_other() -> None:
    impossible, neighbour = held(), held()
    error = TaskError(exception_class_path="builtins.ValueError", traceback="...")
    later = RetryLater(exception=ValueError(), error=error, delay=1e12)
    child, one = dead(neighbour), settling()
    child.marks.read = lambda: [Mark(impossible.id, impossible.token, 0.0, pack(later))]

    assert one.settle(child)

    assert not one.incomplete
    impossible.refresh_from_db()
    neighbour.refresh_from_db()
    assert (impossible.status, neighbour.status) == ("FAILED", "READY")
    assert impossible.errors[-1]["exception_class_path"] == "builtins.OverflowError"


def test_claim_that_the_database_makes_after_its_child_was_settled_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bridge.worker.settling.SWEEP", 0.0)
    it, living, child = settling(), held(child="host:8"), dead()
    assert it.settle(child)
    late = held()

    it.sweep([SimpleNamespace(id="host:8"), child])  # type: ignore[list-item]
    late.refresh_from_db()
    assert late.status == RUNNING

    it.sweep([SimpleNamespace(id="host:8")])  # type: ignore[list-item]
    late.refresh_from_db()
    living.refresh_from_db()
    assert (late.status, late.losses, late.worker_ids) == ("READY", 0, [])
    assert living.status == RUNNING

"""The store under any sequence of workers, deaths and stale handles."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bridge.interface import TaskError
from bridge.ledger import ending
from bridge.ledger.ending import Ending
from bridge.ledger.models import TaskRow
from bridge.ledger.session import Session
from bridge.ledger.store import Store
from bridge.ledger.vendors.verbs import Claim

ERROR = TaskError(exception_class_path="builtins.ValueError", traceback="...")
MAX_LOSSES = 3
FINAL = {"FAILED", "SUCCESSFUL"}
QUEUES = ["default", "mail", "slow"]
END: dict[str, Callable[[TaskRow], Ending]] = {
    "succeed": lambda row: ending.succeed(row, {"n": [1, None, "ü"]}),
    "fail": lambda row: ending.fail(row, ERROR),
    "retry": lambda row: ending.retry_later(row, ERROR, 0),
    "back": ending.release,
}


class StoreMachine(RuleBasedStateMachine):
    """Rows, workers that claim them, and handles that may be stale when they are used.

    The model is who holds each row (worker and token) and which rows are final; the store must
    agree with it after every step.
    """

    database = "default"
    handles = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(self.database)
        self.store.tasks.delete()
        # A worker's own connection, beside Django's that the other verbs use.
        self.session = Session(self.database)
        self.worker = Store(self.database, self.session)
        self.held: dict[Any, tuple[str, int]] = {}
        self.final: dict[Any, str] = {}
        self.asleep: set[Any] = set()

    def teardown(self) -> None:
        self.session.close()

    @rule(
        on_lost=st.sampled_from(["retry", "fail"]),
        priority=st.integers(-100, 100),
        queue=st.sampled_from(QUEUES),
        deferred=st.booleans(),
    )
    def insert(self, on_lost: str, priority: int, queue: str, deferred: bool) -> None:
        row = self.store.insert(
            TaskRow(
                task_path="tests.app.tasks.add",
                backend="default",
                transport="db",
                on_lost=on_lost,
                priority=priority,
                queue_name=queue,
                run_after=timezone.now() + timedelta(hours=1) if deferred else None,
            )
        )
        if deferred:
            self.asleep.add(row.id)

    @rule()
    def time_passes(self) -> None:
        self.store.tasks.filter(id__in=self.asleep).update(
            wake_at=timezone.now() - timedelta(seconds=1)
        )
        look = self.worker.look("db")
        assert (look.next_due is None) == (not self.asleep)
        assert look.next_due is None or look.next_due <= 0
        assert self.worker.wake("db") == len(self.asleep)
        self.asleep.clear()

    @rule(
        target=handles,
        worker=st.sampled_from("abc"),
        limit=st.integers(0, 4),
        queues=st.lists(st.sampled_from(QUEUES), unique=True, min_size=1),
        endings=st.lists(st.tuples(handles, st.sampled_from(["succeed", "fail", "retry", "back"]))),
    )
    def exchange(self, worker: str, limit: int, queues: list[str], endings: Any) -> Any:
        hows = {handle.id: END[how](handle) for handle, how in endings}
        valid = {key for key, how in hows.items() if self.held.get(key) == (how.worker, how.token)}
        claim = Claim(
            transport="db", queues=queues, worker=worker, worker_id=f"{worker}:1", limit=limit
        )
        ready = set(
            self.store.tasks.filter(status="READY", queue_name__in=queues)
            .exclude(id__in=self.asleep)
            .values_list("id", flat=True)
        )

        left, rows = self.worker.exchange(list(hows.values()), claim if limit else None)

        assert left.ids == valid
        for key in valid:
            del self.held[key]
            if hows[key].final:
                self.final[key] = hows[key].status
        taken = {row.id for row in rows}
        assert len(taken) == len(rows) <= limit
        # What goes back in this commit may be taken by it, or by the next.
        assert taken <= ready | valid
        assert len(rows) == limit or ready <= taken
        assert rows == sorted(rows, key=lambda row: (-row.priority, row.id))
        for row in rows:
            self.held[row.id] = (worker, row.token)
        return multiple(*[copy(row) for row in rows])

    @rule(target=handles, worker=st.sampled_from("abc"), limit=st.integers(1, 3))
    def claim(self, worker: str, limit: int) -> Any:
        rows = self.store.claim(transport="db", worker=worker, worker_id=f"{worker}:1", limit=limit)
        assert len(rows) <= limit
        for row in rows:
            assert row.id not in self.held
            assert row.id not in self.final
            assert row.id not in self.asleep
            self.held[row.id] = (worker, row.token)
        return multiple(*[copy(row) for row in rows])

    @rule(handle=handles, value=st.none() | st.integers() | st.text(st.characters(codec="ascii")))
    def succeed(self, handle: TaskRow, value: Any) -> None:
        value = value.replace("\x00", "") if isinstance(value, str) else value
        self._leave(handle, self.store.succeed(copy(handle), value))

    @rule(handle=handles)
    def fail(self, handle: TaskRow) -> None:
        self._leave(handle, self.store.fail(copy(handle), ERROR))

    @rule(handle=handles)
    def retry_later(self, handle: TaskRow) -> None:
        self._leave(handle, self.store.retry_later(copy(handle), ERROR, -1))

    @rule(handle=handles)
    def release(self, handle: TaskRow) -> None:
        self._leave(handle, self.store.release(copy(handle)))

    @rule(handle=handles)
    def lose(self, handle: TaskRow) -> None:
        row = copy(handle)
        left = self.store.lose(row, "gone", max_losses=MAX_LOSSES)
        self._leave(handle, left)
        if left and handle.on_lost == "fail":
            assert row.status == "FAILED"

    def _leave(self, handle: TaskRow, left: bool) -> None:
        valid = self.held.get(handle.id) == (handle.worker, handle.token)
        assert left == valid
        if left:
            del self.held[handle.id]
            status = self.store.tasks.get(id=handle.id).status
            if status in FINAL:
                self.final[handle.id] = status

    @invariant()
    def rows_agree_with_the_model(self) -> None:
        rows = list(self.store.tasks)
        running = {row.id: (row.worker, row.token) for row in rows if row.status == "RUNNING"}
        assert running == self.held
        assert {row.id: row.status for row in rows if row.status in FINAL} == self.final
        for row in rows:
            assert row.losses <= MAX_LOSSES
            assert (row.finished_at is not None) == (row.status in FINAL)
            assert (row.worker is None) == (row.status != "RUNNING")


@pytest.mark.django_db(transaction=True, databases=list(django_settings.DATABASES))
@pytest.mark.parametrize("database", list(django_settings.DATABASES))
def test_store_keeps_its_promises_under_any_sequence(database: str) -> None:
    machine = type("Machine", (StoreMachine,), {"database": database})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

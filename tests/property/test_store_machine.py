"""The store under any sequence of workers, deaths and stale handles."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest
from django.conf import settings as django_settings
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
from bridge.ledger.models import TaskRow
from bridge.ledger.store import Store

ERROR = TaskError(exception_class_path="builtins.ValueError", traceback="...")
MAX_LOSSES = 3
FINAL = {"FAILED", "SUCCESSFUL"}


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
        self.held: dict[Any, tuple[str, int]] = {}
        self.final: dict[Any, str] = {}

    @rule(on_lost=st.sampled_from(["retry", "fail"]), priority=st.integers(-100, 100))
    def insert(self, on_lost: str, priority: int) -> None:
        self.store.insert(
            TaskRow(
                task_path="tests.app.tasks.add",
                backend="default",
                transport="db",
                on_lost=on_lost,
                priority=priority,
            )
        )

    @rule(target=handles, worker=st.sampled_from("abc"), limit=st.integers(1, 3))
    def claim(self, worker: str, limit: int) -> Any:
        rows = self.store.claim(transport="db", worker=worker, worker_id=f"{worker}:1", limit=limit)
        assert len(rows) <= limit
        for row in rows:
            assert row.id not in self.held
            assert row.id not in self.final
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

"""One way to configure each backend and to let it run what was enqueued."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from bridge.execution import announce, handling
from bridge.interface import BaseTaskBackend, task_backends
from bridge.outcome import Failed
from bridge.worker.marks import Marks
from bridge.worker.runner import begin, run, store_outcome

QUEUES = ["default", "mail", "slow"]


@dataclass(frozen=True)
class Harness:
    """A configured backend under test."""

    name: str
    path: str
    options: dict[str, Any] = field(default_factory=dict)
    # Runs everything that is ready; None when the backend runs no tasks.
    drain: Callable[[], None] | None = None
    # Does one worker follow priorities exactly, more finely than a broker's few levels?
    orders_strictly: bool = False
    database: str = "default"

    @property
    def backend(self) -> BaseTaskBackend:
        """Return the backend instance of this test."""
        return task_backends["default"]

    @property
    def executes(self) -> bool:
        """Say whether tasks run at all."""
        return self.drain is not None

    def work(self) -> None:
        """Run everything that is ready."""
        assert self.drain is not None
        self.drain()

    @property
    def settings(self) -> dict[str, Any]:
        """Return TASKS."""
        return {
            "default": {
                "BACKEND": self.path,
                "QUEUES": QUEUES,
                "OPTIONS": self.options,
            }
        }


def drain_database() -> None:
    """Claim and run in this process until nothing is ready."""
    backend: Any = task_backends["default"]
    marks = Marks(1)
    while rows := backend.store.claim(transport="db", worker="test", worker_id="test:1"):
        for row in rows:
            started = begin(backend, row, marks, slot=0)
            outcome = started if isinstance(started, Failed) else run(started, row.losses)
            with handling(outcome):
                announce(store_outcome(backend, row, outcome), type(backend))


def drain_celery() -> None:
    """Let a real Celery worker consume, in a thread of this process, until nothing is due."""
    from celery import signals
    from celery.contrib.testing.worker import start_worker

    from tests.app.celery import app, wake

    # Celery leaves logging alone when somebody else sets it up: other tests read warnings.
    signals.setup_logging.connect(_leave_logging_alone)
    stopped = threading.Event()

    def keep_awake() -> None:
        # A worker on the memory transport looks every 2 s whether it should stop.
        while not stopped.wait(0.05):
            wake.delay()

    backend: Any = task_backends["default"]
    due = Q(status="RUNNING") | Q(status="READY", run_after=None)
    due |= Q(status="READY", run_after__lte=Now())
    waker = threading.Thread(target=keep_awake)
    try:
        with start_worker(app, pool="solo", perform_ping_check=False, queues=QUEUES):
            deadline = time.monotonic() + 20
            while backend.store.tasks.filter(due):
                assert time.monotonic() < deadline, list(backend.store.tasks.values())
                time.sleep(0.02)
            waker.start()
    finally:
        stopped.set()
        signals.worker_shutdown.send(sender=None)
        signals.setup_logging.disconnect(_leave_logging_alone)


def _leave_logging_alone(**options: Any) -> None:
    pass


def drain_nothing() -> None:
    """Do nothing: the task ran inside enqueue()."""

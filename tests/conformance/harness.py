"""One way to configure each backend and to let it run what was enqueued."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.test import override_settings
from django.utils import timezone

from bridge.backends.base import BridgeBackend
from bridge.backends.startup import announce_ready
from bridge.execution import announce
from bridge.interface import BaseTaskBackend, DjangoTask, task_backends
from bridge.outcome import Failed
from bridge.result import AnyResult
from bridge.worker.marks import Marks
from bridge.worker.runner import begin, run, store_outcome
from tests.conformance.due import due

QUEUES = ["default", "mail", "slow"]

API = import_module(DjangoTask.__module__.partition(".base")[0])
"""`django.tasks`, or the backport of it."""


@dataclass(frozen=True)
class Harness:
    """A configured backend under test."""

    name: str
    path: str
    options: dict[str, Any] = field(default_factory=dict)
    # Runs everything that is ready; None when the backend runs no tasks.
    drain: Callable[[], None] | None = None
    # Takes away what earlier tests have left where no database forgets it.
    clear: Callable[[], None] = lambda: None
    # Takes away what this one leaves there.
    leave: Callable[[], None] = lambda: None
    # Does one worker follow priorities exactly, more finely than a broker's few levels?
    orders_strictly: bool = False
    # Does enqueue_on_commit decide when a task is enqueued, and not the transport?
    obeys_on_commit: bool = True
    database: str = "default"
    # Do tasks run in the process of the test, where they see what it has changed?
    runs_here: bool = True

    @property
    def backend(self) -> BaseTaskBackend:
        """Return the backend instance of this test."""
        return task_backends["default"]

    @property
    def executes(self) -> bool:
        """Say whether tasks run at all."""
        return self.drain is not None

    @property
    def runs_at_once(self) -> bool:
        """Say whether enqueue() returns when the task has run."""
        return self.drain is drain_nothing

    @property
    def cancels(self) -> bool:
        """Say whether tasks can be cancelled."""
        return getattr(type(self.backend), "cancel", None) is not BridgeBackend.cancel

    @property
    def requeues(self) -> bool:
        """Say whether finished tasks can be run again."""
        return hasattr(self.backend, "requeue")

    @property
    def keeps_in_memory(self) -> bool:
        """Say whether tasks are in a list that tests can look at."""
        return hasattr(self.backend, "results")

    @contextmanager
    def configured(self, **entries: Any) -> Iterator[None]:
        """Change TASKS: its entry under test (in capitals, None to leave out) or another one."""
        mine = {**self.settings["default"]}
        others = {}
        for name, value in entries.items():
            if not name.isupper():
                others[name] = value
            elif value is None:
                del mine[name]
            else:
                mine[name] = value
        with override_settings(TASKS={"default": mine, **others}):
            announce_ready()
            yield

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


def finished(harness: Harness, result: AnyResult) -> AnyResult:
    """Let the backend work and return the result as it is then."""
    harness.work()
    if harness.backend.supports_get_result:
        result.refresh()
    return result


def drain_database() -> None:
    """Claim and run in this process until nothing is ready."""
    backend: Any = task_backends["default"]
    marks = Marks(1)
    while rows := backend.store.claim(transport="db", worker="test", worker_id="test:1"):
        for row in rows:
            started = begin(backend, row, marks, slot=0)
            failed = isinstance(started, Failed)
            outcome, stored = (started, None) if failed else run(backend, row, started)
            announce(store_outcome(backend, row, outcome, stored), type(backend), outcome)


def clear_celery() -> None:
    """Empty the broker."""
    from tests.app.celery import app

    with app.connection_for_write() as connection:
        for queue in QUEUES:
            connection.default_channel.queue_purge(queue)


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
    waker = threading.Thread(target=keep_awake)
    try:
        with start_worker(app, pool="solo", perform_ping_check=False, queues=QUEUES):
            deadline = time.monotonic() + 60
            while backend.store.tasks.filter(due()):
                assert time.monotonic() < deadline, list(backend.store.tasks.values())
                time.sleep(0.02)
            waker.start()
    finally:
        stopped.set()
        signals.worker_shutdown.send(sender=None)
        signals.setup_logging.disconnect(_leave_logging_alone)


def clear_native() -> None:
    """Forget every message and every result."""
    from tests.app.celery_native import PREFIX, app

    client: Any = app.backend.client
    for key in client.scan_iter(f"{PREFIX}*"):
        client.delete(key)


def drain_native() -> None:
    """Let a real Celery worker consume from Redis, in a thread, until nothing is due."""
    from celery import signals
    from celery.contrib.testing.worker import start_worker

    from tests.app.celery_native import app

    signals.setup_logging.connect(_leave_logging_alone)
    try:
        with start_worker(app, pool="solo", perform_ping_check=False, queues=QUEUES):
            deadline = time.monotonic() + 60
            while _is_busy(app):
                assert time.monotonic() < deadline
                time.sleep(0.02)
    finally:
        signals.setup_logging.disconnect(_leave_logging_alone)


def _is_busy(app: Any) -> bool:
    """Say whether a task has not ended that is not to run much later."""
    from celery import states

    from compat.celery import stamp
    from tests.app.celery_native import PREFIX

    results = app.backend
    keys = list(results.client.scan_iter(f"{PREFIX}celery-task-meta-*"))
    soon = timezone.now() + timedelta(minutes=1)
    for stored in results.client.mget(keys) if keys else []:
        meta = results.decode(stored)
        run_after = stamp.of(meta).get("run_after")
        is_due = run_after is None or stamp.moment(run_after) < soon
        if meta["status"] not in states.READY_STATES and is_due:
            return True
    return False


def _leave_logging_alone(**options: Any) -> None:
    pass


def drain_nothing() -> None:
    """Do nothing: the task ran inside enqueue()."""

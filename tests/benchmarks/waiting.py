"""A worker with nothing to do: what it costs, and how soon it picks up a task."""

from __future__ import annotations

import time
from contextlib import ExitStack

from tests.services import POSTGRES

from .proxy import Proxy
from .records import Metrics, percentile
from .stage import Stage


class Waiting:
    """An idle worker of a peer and a process that enqueues; `closing` ends both.

    A first worker reaches PostgreSQL through a proxy that counts its statements; it is replaced
    by one without before tasks are timed.
    """

    def __init__(self, closing: ExitStack) -> None:
        self._closing = closing
        self.metrics: Metrics = {}
        self._since = (0.0, 0.0, 0)
        self._asked: tuple[str, float] | None = None
        self._times: list[float] = []
        self._enqueues: list[float] = []

    def start(self, stage: Stage) -> None:
        """Start the processes."""
        self.stage = stage
        self.proxy: Proxy | None = None
        if stage.database.kind == "postgresql" and stage.peer.table:
            self.proxy = self._closing.enter_context(Proxy(POSTGRES.host, POSTGRES.port))
        port = self.proxy.port if self.proxy else None
        self.worker = self._closing.enter_context(stage.worker(1, port))
        self.producer = self._closing.enter_context(stage.producer())

    def ready(self) -> None:
        """Wait until the worker has started and is idle."""
        self.stage.warm(self.worker, self.producer)

    def look(self) -> None:
        """Begin to watch what idling costs."""
        self._since = (time.monotonic(), self.worker.cpu(), self._statements())

    def look_again(self) -> None:
        """Compute what it cost since, and put a worker without proxy in its place."""
        at, cpu, statements = self._since
        seconds = time.monotonic() - at
        self.metrics["idle_cpu"] = (self.worker.cpu() - cpu) / seconds * 100
        if self.proxy:
            self.metrics["statements"] = (self._statements() - statements) / seconds
            self.worker.kill()
            self.worker = self._closing.enter_context(self.stage.worker(1))

    def ping(self) -> None:
        """Enqueue a task that reports."""
        label = self.stage.label()
        asked = self.producer.ask("mark", label)
        self._asked = (label, asked["called"])
        self._enqueues.append((asked["returned"] - asked["called"]) * 1000)

    def pong(self) -> None:
        """Wait for its report."""
        if self._asked:
            label, called = self._asked
            self._times.append((self.stage.seen(self.worker, label, 10) - called) * 1000)

    def result(self) -> Metrics:
        """Return all of it; milliseconds are from the call of enqueue() to the task's start."""
        self.metrics["p50_ms"] = percentile(self._times, 50)
        self.metrics["p95_ms"] = percentile(self._times, 95)
        self.metrics["enqueue_ms"] = percentile(self._enqueues, 50)
        return self.metrics

    def _statements(self) -> int:
        return self.proxy.statements() if self.proxy else 0

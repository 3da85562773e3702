"""A real Huey consumer, its worker in a thread of this process."""

from __future__ import annotations

import signal
import time
from typing import Any

from bridge.interface import task_backends
from tests.conformance.due import due
from tests.conftest import need
from tests.services import POSTGRES, REDIS

SERVERS = {"redis": REDIS, "postgres": POSTGRES}
SECONDS = 60
"""How long the worker may take for what a test has enqueued."""


class HueyConsumer:
    """A consumer of one of the Hueys of the suite; it works while a test waits."""

    def __init__(self, storage: str) -> None:
        self.storage = storage
        self.options = {"HUEYS": {"default": f"tests.app.hueys.{storage}"}, "LEASE": 3600}

    def clear(self) -> None:
        """Take away what earlier tests have left in the storage."""
        self._huey.flush()

    def drain(self) -> None:
        """Let the worker take messages until nothing is due."""
        backend: Any = task_backends["default"]
        before = {number: signal.getsignal(number) for number in SIGNALS}
        consumer = self._huey.create_consumer(workers=1, initial_delay=0.01, max_delay=0.02)
        consumer.start()
        try:
            deadline = time.monotonic() + SECONDS
            while backend.store.tasks.filter(due()).exists():
                assert time.monotonic() < deadline, list(backend.store.tasks.values())
                time.sleep(0.01)
        finally:
            consumer.stop(graceful=True)
            for number, handler in before.items():
                signal.signal(number, handler)

    @property
    def _huey(self) -> Any:
        from tests.app import hueys

        if self.storage in SERVERS:
            need(SERVERS[self.storage])
        return getattr(hueys, self.storage)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

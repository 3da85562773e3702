"""Celery workers in processes of their own, on real brokers, for as long as the suite runs."""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.db import connections

from bridge.interface import task_backends
from tests.brokers import redis_prefix, virtual_host
from tests.conformance.due import due
from tests.conftest import need
from tests.process.project import ROOT, Process, wait_for
from tests.services import RABBITMQ, REDIS

SECONDS = 60
"""How long the worker may take for what a test has enqueued."""


class CeleryWorker:
    """One worker, started when a test first needs it. It serves while a test waits, and rests."""

    def __init__(self, broker: str, pool: str, queues: list[str]) -> None:
        self.broker = broker
        self.pool = pool
        self.queues = queues
        self.name = f"{broker}_{pool}"
        self.options = {"APP": f"tests.app.brokers.{self.name}", "LEASE": 3600}
        """Other workers of the suite look for lost tasks once: leases are emptied with all else."""
        self._node = f"{pool}-{secrets.token_hex(4)}@suite"
        self._process: Process | None = None
        self._end = ExitStack()

    def clear(self) -> None:
        """Take away what earlier tests have left in the broker; start the worker if need be."""
        if self._process is None:
            self._start()
        with self._app.connection_for_write() as connection:
            for queue in self.queues:
                connection.default_channel.queue_purge(queue)

    def drain(self) -> None:
        """Let the worker take messages until nothing is due."""
        backend: Any = task_backends["default"]
        self._tell("serve")
        deadline = time.monotonic() + SECONDS
        while backend.store.tasks.filter(due()).exists():
            assert time.monotonic() < deadline, list(backend.store.tasks.values())
            time.sleep(0.01)
        self._tell("rest")

    def stop(self) -> None:
        """End the worker and leave nothing in the broker."""
        self._end.close()
        self._process = None

    @property
    def _app(self) -> Any:
        from tests.app import brokers

        return getattr(brokers, self.name)

    def _start(self) -> None:
        need(BROKERS[self.broker][0])
        where = BROKERS[self.broker][1](self._end)
        self._app.conf.update(where)
        folder = Path(self._end.enter_context(tempfile.TemporaryDirectory(prefix="suite-")))
        command = [sys.executable, "-m", "celery", "-A", f"tests.app.brokers:{self.name}"]
        command += ["worker", "-l", "INFO", "-P", self.pool, "-c", "2", "-n", self._node]
        command += ["-Q", ",".join(self.queues), "--without-gossip", "--without-mingle"]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.conformance.worker_settings",
            "PYTHONPATH": str(ROOT),
            "BRIDGE_SUITE_BROKER": json.dumps(where),
            "BRIDGE_SUITE_DB": str(connections["default"].settings_dict["NAME"]),
            "BRIDGE_SUITE_TASKS": json.dumps(task_backends.settings),
        }
        process = self._process = Process(command, environment, folder / "worker.log")
        self._end.callback(process.kill_all)
        wait_for(lambda: " ready." in process.output() or process.popen.poll() is not None, "start")
        assert process.popen.poll() is None, process.output()
        self._tell("rest")

    def _tell(self, word: str) -> None:
        # RabbitMQ has closed a connection that was idle while other tests ran.
        with self._app.connection_for_write() as connection:
            answers = self._app.control.broadcast(
                word,
                arguments={"queues": self.queues},
                destination=[self._node],
                connection=connection,
                reply=True,
                limit=1,
                timeout=30,
            )
        assert self._process
        assert answers, self._process.output()


def _redis(end: ExitStack) -> dict[str, Any]:
    url, prefix = end.enter_context(redis_prefix())
    return {"broker_url": url, "broker_transport_options": {"global_keyprefix": prefix}}


def _rabbitmq(end: ExitStack) -> dict[str, Any]:
    return {"broker_url": end.enter_context(virtual_host()), "task_queue_max_priority": 10}


BROKERS: dict[str, tuple[Any, Callable[[ExitStack], dict[str, Any]]]] = {
    "redis": (REDIS, _redis),
    "rabbitmq": (RABBITMQ, _rabbitmq),
}

"""One way to configure each backend and to let it run what was enqueued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bridge.interface import BaseTaskBackend, task_backends
from bridge.worker.marks import Marks
from bridge.worker.runner import run


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
                "QUEUES": ["default", "mail", "slow"],
                "OPTIONS": self.options,
            }
        }


def drain_database() -> None:
    """Claim and run in this process until nothing is ready."""
    backend: Any = task_backends["default"]
    while rows := backend.store.claim(transport="db", worker="test", worker_id="test:1"):
        for row in rows:
            run(backend, row, Marks(1), slot=0)


def drain_nothing() -> None:
    """Do nothing: the task ran inside enqueue()."""

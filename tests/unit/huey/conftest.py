from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import override_settings
from huey import Huey, MemoryHuey

from bridge import registry
from bridge.interface import task_backends
from compat.huey import registration
from compat.huey.backend import HueyBackend
from tests.unit.huey import hueys

ALIASES = {"legacy.note": "tests.app.tasks.note"}


@pytest.fixture(autouse=True)
def _unsubscribed() -> None:
    """Let on_ready() register every task again, for the settings of this test."""
    if registration._subscribed:
        registry.unsubscribe(registration.register)
        registration._subscribed = False


@pytest.fixture
def huey(monkeypatch: pytest.MonkeyPatch) -> Huey:
    """A Huey of this test's own, in memory."""
    huey = MemoryHuey("unit")
    monkeypatch.setattr(hueys, "one", huey)
    return huey


@pytest.fixture
def configure(huey: Huey) -> Iterator[Callable[..., HueyBackend]]:
    """Make TASKS with more OPTIONS and return the backend."""
    settings: list[override_settings] = []

    def configure(**options: Any) -> HueyBackend:
        options = {"HUEYS": {"default": "tests.unit.huey.hueys.one"}, "ALIASES": ALIASES, **options}
        tasks = {
            "default": {
                "BACKEND": "bridge.HueyBackend",
                "QUEUES": ["default", "mail"],
                "OPTIONS": options,
            }
        }
        settings.append(override_settings(TASKS=tasks))
        settings[-1].enable()
        backend = task_backends["default"]
        assert isinstance(backend, HueyBackend)
        return backend

    yield configure
    for setting in reversed(settings):
        setting.disable()


@pytest.fixture
def backend(configure: Callable[..., HueyBackend]) -> HueyBackend:
    """A HueyBackend, the default one of this test."""
    backend = configure()
    backend.on_ready()
    return backend


class Consumer:
    """Runs messages in this thread the way a worker of a consumer does."""

    def __init__(self, huey: Huey) -> None:
        self.huey = huey

    def run_next(self) -> Any:
        """Run the next message; return the task that Huey has made of it."""
        task = self.huey.dequeue()
        assert task is not None
        self.huey.execute(task)
        return task

    def run_scheduled(self) -> Any:
        """Run the only message of the schedule, whenever it is due."""
        (task,) = self.huey.scheduled()
        self.huey.storage.flush_schedule()
        self.huey.execute(task, timestamp=task.eta)
        return task


@pytest.fixture
def consumer(backend: HueyBackend, huey: Huey) -> Iterator[Consumer]:
    """A consumer whose lease ends with the test."""
    from compat.huey import holder

    yield Consumer(huey)
    holder.end()

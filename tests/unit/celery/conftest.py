from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from celery import Celery
from django.test import override_settings

from bridge import registry
from bridge.interface import task_backends
from compat.celery import registration
from compat.celery.backend import CeleryBackend
from compat.celery.base import OnCelery
from tests.unit.celery import apps

ALIASES = {"legacy.note": "tests.app.tasks.note"}


@pytest.fixture
def unsubscribed() -> None:
    """Let on_ready() register every task again, for the settings of this test."""
    if registration._subscribed:
        registry.unsubscribe(registration.register)
        registration._subscribed = False


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, unsubscribed: None) -> Celery:
    """A Celery app of this test's own, on kombu's in-memory broker."""
    app = Celery("unit", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.task_default_queue = f"queue-{secrets.token_hex(4)}"
    monkeypatch.setattr(apps, "app", app)
    return app


@pytest.fixture
def configure(app: Celery) -> Iterator[Callable[..., CeleryBackend]]:
    """Make TASKS with more OPTIONS and return the backend."""
    settings: list[override_settings] = []

    def configure(**options: Any) -> CeleryBackend:
        options = {"APP": "tests.unit.celery.apps.app", "ALIASES": ALIASES, **options}
        tasks = {
            "default": {
                "BACKEND": "bridge.CeleryBackend",
                "QUEUES": ["default", "mail"],
                "OPTIONS": options,
            }
        }
        settings.append(override_settings(TASKS=tasks))
        settings[-1].enable()
        backend: Any = task_backends["default"]
        assert isinstance(backend, OnCelery)
        return cast("CeleryBackend", backend)  # but for those tests that ask for another mode

    yield configure
    for setting in reversed(settings):
        setting.disable()


@pytest.fixture
def backend(configure: Callable[..., CeleryBackend]) -> CeleryBackend:
    """A CeleryBackend, the default one of this test."""
    return configure()


class Broker:
    """Looks into the queues of an app."""

    def __init__(self, app: Celery) -> None:
        self.app = app

    def take(self, queue: str | None = None) -> list[Any]:
        """Remove and return the messages of a queue, the app's default one if none is named."""
        with self.app.connection_for_read() as connection:
            box = connection.SimpleQueue(queue or self.app.conf.task_default_queue)
            messages = []
            while box.qsize():
                messages.append(box.get_nowait())
                messages[-1].ack()
            return messages


@pytest.fixture
def broker(app: Celery) -> Broker:
    broker = Broker(app)
    for queue in ("mail", "slow", "default"):
        broker.take(queue)  # kombu's broker in memory keeps what other tests have left
    return broker

"""What the backends on Celery share, whatever keeps their results."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

from celery import Celery
from django.apps import apps
from django.core import checks
from kombu import Connection

from bridge.backends.base import BridgeBackend
from bridge.backends.options import APP, MAX_PAYLOAD, QUEUE_MAP
from bridge.checks.kinds import NOT_FOR_PRODUCTION, WRONG_APP
from bridge.interface import AnyTask
from compat.celery.app import load_app
from compat.celery.broker import Broker
from compat.celery.queues import Queues

if TYPE_CHECKING:
    from compat.celery.wire import Message


class OnCelery(BridgeBackend):
    """A backend whose tasks Celery carries and runs."""

    @cached_property
    def app(self) -> Celery:
        """Return the Celery app, OPTIONS["APP"] or the current one."""
        return load_app(self.option(APP), self.alias)

    @cached_property
    def broker(self) -> Broker:
        """Return what the broker of the app can do."""
        return Broker.of(self.app)

    @cached_property
    def max_payload(self) -> int:
        """Return how many bytes the body of a message may have, from OPTIONS["MAX_PAYLOAD"]."""
        return int(self.option(MAX_PAYLOAD) or self.broker.most_bytes)

    @cached_property
    def publishing(self) -> Connection:
        """Return what the pool of producers is known by; nobody opens it."""
        from compat.celery.producer import connect

        return connect(self)

    @cached_property
    def celery_queues(self) -> Queues:
        """Return what Celery's queues are called and can do, from OPTIONS["QUEUE_MAP"]."""
        return Queues(self.app, self.broker, self.option(QUEUE_MAP))

    @property
    def supports_priority(self) -> bool:  # type: ignore[override]
        """Say whether the broker knows priorities; check W014 says which queues have none.

        Celery takes a priority for any queue of RabbitMQ, and so must what is written for it.
        Before Django is ready there may be no app to ask yet: the system checks say it then.
        """
        return not apps.ready or self.broker.orders

    @abstractmethod
    def run_message(self, celery_task: Any, message: Message, task: AnyTask) -> Any:
        """Run a task whose message has arrived; return or raise for Celery."""

    def on_ready(self) -> None:
        """Let Celery know every declared task, now and later."""
        from compat.celery import registration, worker

        registration.subscribe()
        worker.subscribe()

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        return [*super().check(**kwargs), *self.wrong(WRONG_APP, "app")]

    def check_deployment(self) -> list[checks.CheckMessage]:
        """Return that callers wait for their tasks, where they do."""
        if self.wrong(WRONG_APP, "app") or not self.app.conf.task_always_eager:
            return []
        return [
            NOT_FOR_PRODUCTION(
                f"The Celery app of TASKS[{self.alias!r}] has task_always_eager, so it runs tasks "
                "while their callers wait.",
                hint="Leave task_always_eager out of production.",
            )
        ]

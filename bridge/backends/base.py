"""What our backends share: the Task class, the options, the checks."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from bridge.aliases import Aliases, load_aliases
from bridge.base import OnLost, Task
from bridge.interface import AnyTask, BaseTaskBackend, task_backends

ON_LOST = ("retry", "fail")


class BridgeBackend(BaseTaskBackend):
    """A backend whose tasks carry policies."""

    task_class = Task

    @cached_property
    def aliases(self) -> Aliases:
        """Return the table of legacy names, from OPTIONS["ALIASES"]."""
        return load_aliases(self.options.get("ALIASES"))

    @cached_property
    def on_lost(self) -> OnLost:
        """Return what becomes of a task whose worker died, from OPTIONS["ON_LOST"]."""
        value = self.options.get("ON_LOST", "retry")
        if value not in ON_LOST:
            raise ImproperlyConfigured(
                f"ON_LOST of TASKS[{self.alias!r}] must be 'retry' or 'fail', not {value!r}."
            )
        return cast("OnLost", value)

    def on_lost_of(self, task: AnyTask) -> OnLost:
        """Return what becomes of a task whose worker died: its own word, or the backend's."""
        return getattr(task, "on_lost", None) or self.on_lost

    def on_ready(self) -> None:
        """Do what needs a complete app registry."""

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        messages: list[checks.CheckMessage] = []
        try:
            self.on_lost  # noqa: B018
            self.aliases  # noqa: B018
        except ImproperlyConfigured as error:
            messages.append(checks.Error(str(error), id="bridge.E002"))
        return messages


def needs_app(alias: str) -> list[checks.CheckMessage]:
    """Return an error unless the ledger's app is installed."""
    if apps.is_installed("bridge"):
        return []
    return [
        checks.Error(
            f"The backend of TASKS[{alias!r}] keeps its tasks in tables that are not installed.",
            hint="Add 'bridge' to INSTALLED_APPS and run manage.py migrate.",
            id="bridge.E001",
        )
    ]


def bridge_backends() -> list[BridgeBackend]:
    """Return every configured backend of ours."""
    return [backend for backend in task_backends.all() if isinstance(backend, BridgeBackend)]

"""What our backends share: the Task class, the options, the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, cast

from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from bridge.aliases import Aliases, load_aliases
from bridge.base import Task
from bridge.calls import Arguments
from bridge.interface import AnyTask, BaseTaskBackend, DjangoTask, P, R, task_backends
from bridge.policies import ON_LOST, OnLost
from bridge.results import Results, results_of


class BridgeBackend(BaseTaskBackend):
    """A backend whose tasks carry policies."""

    task_class = Task

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, params)
        self.params = params

    @cached_property
    def aliases(self) -> Aliases:
        """Return the table of legacy names, from OPTIONS["ALIASES"]."""
        return load_aliases(self.options.get("ALIASES"))

    @cached_property
    def on_lost(self) -> OnLost:
        """Return what becomes of a task whose worker died, from OPTIONS["ON_LOST"]."""
        value = self.option("ON_LOST", "retry", ON_LOST.__contains__, "'retry' or 'fail'")
        return cast("OnLost", value)

    def option(self, name: str, default: Any, fits: Callable[[Any], bool], rule: str) -> Any:
        """Return an option. Raise ImproperlyConfigured for a value that does not fit the rule."""
        value = self.options.get(name, default)
        if not fits(value):
            raise ImproperlyConfigured(
                f"{name} of TASKS[{self.alias!r}] must be {rule}, not {value!r}."
            )
        return value

    def on_lost_of(self, task: AnyTask) -> OnLost:
        """Return what becomes of a task whose worker died: its own word, or the backend's."""
        return getattr(task, "on_lost", None) or self.on_lost

    def enqueue_many(self, task: DjangoTask[P, R], calls: Iterable[Arguments]) -> Results[P, R]:
        """Enqueue a task once for each call, one after another."""
        return results_of([self.enqueue(task, args, kwargs) for args, kwargs in calls])

    def on_ready(self) -> None:
        """Do what needs a complete app registry."""

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        return self.wrong("bridge.E002", "on_lost", "aliases")

    def wrong(self, code: str, *properties: str) -> list[checks.CheckMessage]:
        """Return an error for each of these properties whose option is wrong."""
        messages: list[checks.CheckMessage] = []
        for name in properties:
            try:
                getattr(self, name)
            except ImproperlyConfigured as error:
                messages.append(checks.Error(str(error), id=code))
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

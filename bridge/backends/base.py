"""What our backends share: the Task class, the options, the checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, cast

from asgiref.sync import sync_to_async
from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS

from bridge.aliases import Aliases, load_aliases
from bridge.backends.after_commit import in_transaction
from bridge.backends.options import ALIASES, ON_LOST, TYPED_JSON, Option
from bridge.base import Task
from bridge.calls import Arguments
from bridge.cancellation import Cancellation
from bridge.checks.kinds import APP_MISSING, WRONG_OPTION, Kind
from bridge.hooks import Hooks
from bridge.ids import new_id
from bridge.interface import AnyTask, BaseTaskBackend, DjangoTask, P, R, task_backends
from bridge.policies import OnLost
from bridge.result import AnyResult
from bridge.results import Results, results_of

VALID_UNDER = "_valid_under"
"""Where a task keeps the settings of the backend that found it valid."""


class BridgeBackend(BaseTaskBackend):
    """A backend whose tasks carry policies."""

    task_class = Task

    known_options: ClassVar[tuple[Option, ...]] = (ALIASES, ON_LOST, TYPED_JSON)
    """The keys of OPTIONS that it reads; of others the system checks say that nothing does."""

    # Do tasks run beside their callers, and do they survive their process?
    for_production = True

    honours: ClassVar[frozenset[str]] = frozenset()
    """The policies that mean something here; of others the system checks say that none does."""

    in_part: ClassVar[frozenset[str]] = frozenset()
    """The policies that mean less here than elsewhere; check_task() says how much."""

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, params)
        self.params = params
        if not isinstance(self.options, Mapping):
            raise ImproperlyConfigured(
                f"OPTIONS of TASKS[{alias!r}] must be a dict, not {self.options!r}."
            )

    @cached_property
    def aliases(self) -> Aliases:
        """Return the table of legacy names, from OPTIONS["ALIASES"]."""
        return load_aliases(self.option(ALIASES))

    @cached_property
    def on_lost(self) -> OnLost:
        """Return what becomes of a task whose worker died, from OPTIONS["ON_LOST"]."""
        return cast("OnLost", self.option(ON_LOST))

    @cached_property
    def typed_json(self) -> bool:
        """Say whether values may be more than JSON has types for, from OPTIONS["TYPED_JSON"]."""
        return bool(self.option(TYPED_JSON))

    def option(self, option: Option) -> Any:
        """Return an option. Raise ImproperlyConfigured for a value that does not fit its rule."""
        return option.read(self.alias, self.options)

    def on_lost_of(self, task: AnyTask) -> OnLost:
        """Return what becomes of a task whose worker died: its own word, or the backend's."""
        return getattr(task, "on_lost", None) or self.on_lost

    def validate_task(self, task: AnyTask) -> None:
        """Raise InvalidTask for a task that this backend cannot enqueue."""
        # Neither a task nor the settings of its backend change, and reading a signature is slow.
        memory = vars(task) if isinstance(task, Task) else {}
        if memory.get(VALID_UNDER) is self.params:
            return
        super().validate_task(task)
        self.validate_once(task)
        memory[VALID_UNDER] = self.params

    def validate_once(self, task: AnyTask) -> None:
        """Do what validate_task() does, beyond what Django asks of every task."""

    def validate_hooks(self, hooks: Hooks, whose: str) -> None:
        """Raise InvalidTask for hooks that this backend cannot enqueue."""

    def enqueue_many(
        self,
        task: DjangoTask[P, R],
        calls: Iterable[Arguments],
        *,
        on_complete: Hooks | None = None,
    ) -> Results[P, R]:
        """Enqueue a task once for each call, one after another.

        With on_complete, empty or not, they are a batch.
        """
        batch_id = None if on_complete is None else str(new_id())
        made: Any = [
            self.enqueue_call(task, args, kwargs, batch_id=batch_id) for args, kwargs in calls
        ]
        if batch_id is not None:
            self.complete(batch_id, made, on_complete or ())
        return results_of(made, batch_id)

    def enqueue_call(
        self, task: DjangoTask[P, R], args: Any, kwargs: Any, *, batch_id: str | None
    ) -> Any:
        """Enqueue one call as part of a batch, where there are batches."""
        return self.enqueue(task, args, kwargs)

    def complete(self, batch_id: str, made: Sequence[AnyResult], on_complete: Hooks) -> None:
        """Enqueue what a batch brings about whose tasks have been enqueued one by one."""

    @cached_property
    def enqueue_on_commit(self) -> bool | None:
        """Return whether tasks wait for the commit, TASKS[alias]["ENQUEUE_ON_COMMIT"].

        None is the backend's own way, which is what it does without the setting.
        """
        value = self.params.get("ENQUEUE_ON_COMMIT")
        if not isinstance(value, (bool, type(None))):
            raise ImproperlyConfigured(
                f"ENQUEUE_ON_COMMIT of TASKS[{self.alias!r}] must be True, False or None, not "
                f"{value!r}."
            )
        return value

    @property
    def database(self) -> str:
        """Return the alias of the database whose commit tasks wait for."""
        return DEFAULT_DB_ALIAS

    def waits_for_commit(self, task: AnyTask) -> bool:
        """Say whether a task is to be enqueued when the transaction that is open here commits."""
        choice = getattr(task, "enqueue_on_commit", None)
        wanted = self.enqueue_on_commit if choice is None else choice
        return bool(wanted) and in_transaction(self.database)

    def close(self) -> None:
        """Close what the constructor opened, which is nothing.

        Connections to databases and brokers belong to Django and to the legacy library, are
        shared by all that use them, and are closed by them.
        """

    def cancel(self, result_id: str) -> Cancellation:
        """Let a task never start, or ask it to stop when a worker has it.

        Raise TaskResultDoesNotExist for an id that is unknown.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot cancel tasks.")

    async def acancel(self, result_id: str) -> Cancellation:
        """Do as cancel() does."""
        return await sync_to_async(self.cancel, thread_sensitive=True)(result_id)

    def on_ready(self) -> None:
        """Do what needs a complete app registry."""

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        return self.wrong(WRONG_OPTION, "on_lost", "aliases", "enqueue_on_commit")

    def check_task(self, task: Task[..., Any]) -> list[checks.CheckMessage]:
        """Return what is wrong with a task here, beside policies that it does not honour."""
        return []

    def check_deployment(self) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend in production, for manage.py check --deploy."""
        return []

    def wrong(self, kind: Kind, *properties: str) -> list[checks.CheckMessage]:
        """Return an error for each of these properties whose option is wrong."""
        messages: list[checks.CheckMessage] = []
        for name in properties:
            try:
                getattr(self, name)
            except ImproperlyConfigured as error:
                messages.append(kind(str(error)))
        return messages


def needs_app(alias: str) -> list[checks.CheckMessage]:
    """Return an error unless the ledger's app is installed."""
    if apps.is_installed("bridge"):
        return []
    return [
        APP_MISSING(
            f"The backend of TASKS[{alias!r}] keeps its tasks in tables that are not installed."
        )
    ]


def bridge_backends() -> list[BridgeBackend]:
    """Return every configured backend of ours."""
    return [backend for backend in task_backends.all() if isinstance(backend, BridgeBackend)]

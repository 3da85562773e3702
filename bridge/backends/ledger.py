"""A backend whose tasks have a row in the ledger."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core import checks
from django.db import connections, router, transaction

from bridge import registry
from bridge.backends.base import BridgeBackend, needs_app
from bridge.backends.vendor_check import check_vendor
from bridge.base import Task
from bridge.calls import Arguments
from bridge.interface import (
    AnyResult,
    AnyTask,
    DjangoTask,
    InvalidTask,
    P,
    R,
    TaskResultDoesNotExist,
)
from bridge.ledger.results import to_result
from bridge.results import Results
from bridge.values import storable

# Tasks may be declared before Django's app registry is ready (in the module of a Celery app, for
# example), and a task needs its backend at once: the models are imported when first used.
if TYPE_CHECKING:
    from bridge.ledger.leases import Leases
    from bridge.ledger.models import TaskRow
    from bridge.ledger.store import Store

PATH_LENGTH = 255
QUEUE_LENGTH = 128
DEFAULT_LEASE = 30.0
DEFAULT_MAX_LOSSES = 3

VALID_UNDER = "_valid_under"
"""Where a task keeps the settings of the backend that found it valid."""


class LedgerBackend(BridgeBackend):
    """Store tasks and results in the ledger; a subclass says what carries them."""

    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    # What carries and runs the tasks?
    transport = ""

    @cached_property
    def database(self) -> str:
        """Return the alias of the ledger's database, OPTIONS["DATABASE"] or the router's."""
        from bridge.ledger.models import TaskRow

        alias = self.option(
            "DATABASE",
            None,
            lambda value: value is None or value in list(connections),
            f"one of DATABASES ({', '.join(connections)})",
        )
        return str(alias or router.db_for_write(TaskRow))

    @cached_property
    def pooled(self) -> bool:
        """Say whether PgBouncer may hand each transaction to another server connection.

        OPTIONS["PGBOUNCER"]: nothing is prepared then, and nobody is notified.
        """
        return bool(self.option("PGBOUNCER", False, _is_bool, "True or False"))

    @cached_property
    def store(self) -> Store:
        """Return the writer of the ledger."""
        from bridge.ledger.store import Store

        return Store(self.database)

    @cached_property
    def lease(self) -> float:
        """Return for how many seconds a heartbeat lasts, from OPTIONS["LEASE"]."""
        return float(
            self.option("LEASE", DEFAULT_LEASE, _is_duration, "a number of seconds over 0")
        )

    @cached_property
    def leases(self) -> Leases:
        """Return the leases of this ledger's workers."""
        from bridge.ledger.leases import Leases

        return Leases(self.database, self.lease)

    @cached_property
    def max_losses(self) -> int:
        """Return how many dead workers a task may see before it fails, OPTIONS["MAX_LOSSES"]."""
        return int(
            self.option("MAX_LOSSES", DEFAULT_MAX_LOSSES, _is_count, "a whole number over 0")
        )

    def validate_task(self, task: AnyTask) -> None:
        """Raise InvalidTask for a task that this backend cannot keep."""
        # Neither a task nor the settings of its backend change, and reading a signature is slow.
        memory = vars(task) if isinstance(task, Task) else {}
        if memory.get(VALID_UNDER) is self.params:
            return
        super().validate_task(task)
        for what, text, longest in (
            ("The path of a task", task.module_path, PATH_LENGTH),
            ("The name of a queue", task.queue_name, QUEUE_LENGTH),
        ):
            if len(text) > longest:
                raise InvalidTask(
                    f"{what} has {longest} characters at most; {text!r:.80} has {len(text)}. "
                    "Choose a shorter one."
                )
        memory[VALID_UNDER] = self.params

    def record(self, task: AnyTask, args: Any, kwargs: Any) -> TaskRow:
        """Write a task's row in the caller's transaction."""
        from bridge.ledger.models import TaskRow

        self.validate_task(task)
        return self.store.insert(
            TaskRow(
                task_path=task.module_path,
                args=storable(list(args)),
                kwargs=storable(dict(kwargs)),
                backend=self.alias,
                transport=self.transport,
                queue_name=task.queue_name,
                priority=task.priority,
                run_after=task.run_after,
                on_lost=self.on_lost_of(task),
            )
        )

    def enqueue_many(self, task: DjangoTask[P, R], calls: Iterable[Arguments]) -> Results[P, R]:
        """Enqueue a task once for each call, or not at all when one call cannot be."""
        with transaction.atomic(using=self.database):
            return super().enqueue_many(task, calls)

    def result_of(self, row: TaskRow) -> AnyResult:
        """Return a row's result. Raise TaskNotFound when its task is gone from the code."""
        return to_result(row, registry.resolve(self.aliases.path(row.task_path)))

    def get_result(self, result_id: str) -> AnyResult:
        """Return a result by id. Raise TaskResultDoesNotExist for an unknown one."""
        row = self.store.find(result_id)
        if row is None:
            raise TaskResultDoesNotExist(result_id)
        return self.result_of(row)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        messages = [*super().check(**kwargs), *needs_app(self.alias)]
        messages += self.wrong("bridge.E003", "pooled", "lease", "max_losses")
        if apps.is_installed("bridge"):
            messages += self.wrong("bridge.E003", "database") or check_vendor(
                self.alias, self.database
            )
        return messages


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_duration(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf


def _is_count(value: Any) -> bool:
    return type(value) is int and value > 0

"""Run Django tasks on the Celery workers and the broker a team already has.

A task's message is the one Celery would have sent, so workers of the old code run what new code
enqueues and the reverse. Its row in the ledger, written in the caller's transaction, holds the
result; the message leaves after the commit. What the broker does not take then is sent later by a
worker of the new code.

A worker of the old code knows no ledger. What it ran is read from Celery's result backend, by the
workers of the new code and when somebody asks for the result; without one, or with the RPC one,
whose results only their sender can read, such a task stays READY.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import QuerySet
from kombu.exceptions import EncodeError, OperationalError

from bridge.backends.carried import CarriedBackend
from bridge.backends.options import (
    APP,
    HOLD_ETA,
    MAX_PAYLOAD,
    QUEUE_MAP,
    REQUIRE_CONSUMER,
    RESULTS,
    TASK_OPTIONS,
    Option,
)
from bridge.cancellation import Cancellation
from bridge.exceptions import PayloadTooLarge
from bridge.interface import AnyTask
from bridge.policies import POLICIES
from compat.celery.base import OnCelery
from compat.celery.checks import check_broker, check_options, check_priority
from compat.celery.native.backend import NativeCeleryBackend
from compat.celery.options import check_rate
from compat.celery.payload import refuse_large
from compat.celery.producer import Unconfirmed

if TYPE_CHECKING:
    from bridge.base import Task
    from bridge.ledger.models import TaskRow
    from compat.celery.consumers import Gate
    from compat.celery.wire import Message


class CeleryBackend(OnCelery, CarriedBackend):  # type: ignore[override]
    """Tasks in the ledger, carried and run by Celery.

    With OPTIONS["RESULTS"] at "native" there is no ledger: a NativeCeleryBackend is made.
    """

    transport = "celery"
    carrier = "Celery"
    instead_of_pausing = (
        " The broker hands out its messages: stop the workers from taking them with "
        "`celery control cancel_consumer QUEUE`, and let them go on with `add_consumer`."
    )
    known_options: ClassVar[tuple[Option, ...]] = (
        *CarriedBackend.known_options,
        APP,
        HOLD_ETA,
        MAX_PAYLOAD,
        QUEUE_MAP,
        REQUIRE_CONSUMER,
        RESULTS,
        TASK_OPTIONS,
    )
    # Celery hands out each message as it comes; its workers can keep a rate each.
    honours: ClassVar[frozenset[str]] = frozenset(POLICIES) - {"concurrency", "rate_limit"}
    in_part: ClassVar[frozenset[str]] = frozenset({"rate_limit"})

    def __new__(cls, alias: str, params: dict[str, Any]) -> Any:
        """Return the backend that the settings ask for."""
        options = params.get("OPTIONS")
        if not isinstance(options, Mapping) or options.get(RESULTS.name) != "native":
            return super().__new__(cls)
        if cls is not CeleryBackend:
            raise ImproperlyConfigured(
                f"RESULTS of TASKS[{alias!r}] is 'native', and {cls.__qualname__} is a "
                "CeleryBackend with a ledger. Derive it from "
                "compat.celery.native.backend.NativeCeleryBackend instead."
            )
        return NativeCeleryBackend(alias, params)

    def run_message(self, celery_task: Any, message: Message, task: AnyTask) -> Any:
        """Run a task whose message has arrived, if its row allows; return or raise for Celery."""
        from compat.celery import attempt

        return attempt.receive(self, celery_task, message, task)

    @cached_property
    def hold_eta(self) -> float | None:
        """Return from how many seconds ahead a task waits in the ledger, OPTIONS["HOLD_ETA"].

        None: every message is sent at once, for the broker waits for ever.
        """
        seconds = self.option(HOLD_ETA)
        if seconds is None:
            return self.broker.patience and self.broker.patience / 2
        return None if seconds == math.inf else float(seconds)

    @cached_property
    def gate(self) -> Gate | None:
        """Return what holds tasks that a worker might not know, OPTIONS["REQUIRE_CONSUMER"]."""
        from compat.celery.consumers import Gate

        return Gate(self) if self.option(REQUIRE_CONSUMER) else None

    def holds(self, row: TaskRow) -> bool:
        """Say whether a new row is left to the relay."""
        return self.gate is not None and self.gate.holds(row)

    def sendable(self, rows: QuerySet[TaskRow]) -> QuerySet[TaskRow]:
        """Leave out the rows whose messages a worker would throw away."""
        return rows if self.gate is None else self.gate.let_through(rows)

    def draft(self, task: AnyTask, args: Any, kwargs: Any) -> TaskRow:
        """Return the row of a call, with the policies of its task; nothing is written.

        Raise TypeError for arguments that are not JSON, and PayloadTooLarge for too many.
        """
        row = super().draft(task, args, kwargs)
        refuse_large(self.app, row, self.max_payload)
        return row

    def runs_at_once(self, queue_name: str) -> bool:
        """Say whether Celery runs tasks where they are sent: task_always_eager."""
        return bool(self.app.conf.task_always_eager)

    def send(self, row: TaskRow) -> None:
        """Send the message of a row."""
        from compat.celery.wire import send

        send(self, row)

    def relay(self, *, held: bool = False) -> int:
        """Send rows without a message that are due soon, with `held` all; return how many."""
        from compat.celery.relay import relay

        return relay(self, held=held)

    def ensure(self, task: AnyTask) -> None:
        """Let Celery know a task that was declared while another backend was configured."""
        from compat.celery import registration

        registration.ensure(task)

    def is_away(self, error: Exception) -> bool:
        """Say whether it was the broker that could not be reached."""
        return isinstance(error, OperationalError)

    def is_doubtful(self, error: Exception) -> bool:
        """Say whether the broker may have the message."""
        return isinstance(error, Unconfirmed)

    def is_hopeless(self, error: Exception) -> bool:
        """Say whether no message can be made of the row."""
        return isinstance(error, (EncodeError, PayloadTooLarge))

    def reconcile(self, row: TaskRow) -> TaskRow:
        """Settle a row whose task a worker of the old code has run, and return the row."""
        from compat.celery.reconcile import reconcile

        return reconcile(self, row)

    def reconcile_many(self, rows: Sequence[TaskRow]) -> None:
        """Settle those of READY rows whose tasks workers of the old code have run."""
        from compat.celery.reconcile import reconcile_many

        reconcile_many(self, rows)

    def dispatch(self, rows: Sequence[TaskRow]) -> None:
        """Send the messages of rows after the commit; what is stored of earlier runs goes first."""
        from compat.celery.legacy_readers import forget

        if ran := [str(row.id) for row in rows if row.token or row.errors]:
            transaction.on_commit(partial(forget, self, ran), using=self.database)
        super().dispatch(rows)

    def cancel_many(self, result_ids: Iterable[str], **options: Any) -> dict[str, Cancellation]:
        """Cancel tasks in one commit, after which old workers and old code are told."""
        from compat.celery.legacy_readers import tell_cancelled

        answers = super().cancel_many(result_ids, **options)
        done = [id_ for id_, answer in answers.items() if answer is Cancellation.DONE]
        transaction.on_commit(partial(tell_cancelled, self, done), using=self.database)
        return answers

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        return [*super().check(**kwargs), *check_options(self)]

    def check_task(self, task: Task[..., Any]) -> list[checks.CheckMessage]:
        """Return what is wrong with a task on this backend."""
        return [*super().check_task(task), *check_rate(task), *check_priority(self, task)]

    def check_deployment(self) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend in production."""
        return [*super().check_deployment(), *check_broker(self)]

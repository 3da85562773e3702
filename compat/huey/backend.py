"""Run Django tasks on the Huey consumers and the storage a team already has.

A task's message is the one Huey would have sent, so consumers of the old code run what new code
enqueues and the reverse. Its row in the ledger, written in the caller's transaction, holds the
result; the message leaves after the commit. What the storage does not take then is sent later by a
consumer of the new code.

A consumer of the old code knows no ledger. What it ran is read from Huey's results when somebody
asks for the result. Where it keeps none, or the task returned None, such a task stays READY.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from bridge.backends.carried import CarriedBackend
from bridge.backends.options import HUEYS, Option
from bridge.cancellation import Cancellation
from bridge.checks.kinds import WRONG_HUEY
from bridge.interface import AnyTask
from bridge.policies import POLICIES
from compat.huey.deployment import check_deployment
from compat.huey.priorities import is_ordered
from compat.huey.queues import Hueys

if TYPE_CHECKING:
    from bridge.ledger.models import TaskRow


class HueyBackend(CarriedBackend):
    """Tasks in the ledger, carried and run by Huey."""

    transport = "huey"
    carrier = "Huey"
    instead_of_pausing = (
        " The storage hands out its messages: stop the consumers of the queue, and start them "
        "again when it may go on."
    )
    known_options: ClassVar[tuple[Option, ...]] = (*CarriedBackend.known_options, HUEYS)
    # Huey hands out each message as it comes, and ends no process.
    honours: ClassVar[frozenset[str]] = frozenset(POLICIES) - {
        "concurrency",
        "hard_timeout",
        "rate_limit",
    }

    @cached_property
    def hueys(self) -> Hueys:
        """Return the Huey of every queue, from OPTIONS["HUEYS"]."""
        return Hueys(self.alias, self.option(HUEYS), self.queues)

    @property
    def supports_priority(self) -> bool:  # type: ignore[override]
        """Say whether every storage orders its messages; Redis does with PriorityRedisHuey."""
        try:
            return all(is_ordered(huey) for huey in self.hueys.all())
        except ImproperlyConfigured:
            return True  # the system check tells what is wrong, and a task can be declared

    def on_ready(self) -> None:
        """Let Huey know every declared task, now and later."""
        from compat.huey import maintenance, registration

        try:
            hueys = self.hueys.all()
        except ImproperlyConfigured:
            return  # the system check says so
        registration.subscribe()
        for huey in hueys:
            maintenance.attend(huey)

    def runs_at_once(self, queue_name: str) -> bool:
        """Say whether Huey runs the tasks of a queue where they are sent: immediate."""
        return bool(self.hueys.of(queue_name).immediate)

    def send(self, row: TaskRow) -> None:
        """Send the message of a row."""
        from compat.huey.wire import send

        send(self, row)

    def relay(self, *, held: bool = False) -> int:
        """Send rows without a message; return how many. None is held back: Huey keeps schedules."""
        from bridge.relay import relay

        return relay(self, lambda: nullcontext(self.send), held=held)

    def ensure(self, task: AnyTask) -> None:
        """Let Huey know a task that was declared while another backend was configured."""
        from compat.huey import registration

        registration.ensure(self, task)

    def is_away(self, error: Exception) -> bool:
        """Say whether it was the storage that could not be reached."""
        from compat.huey.away import AWAY

        return isinstance(error, AWAY)

    def reconcile(self, row: TaskRow) -> TaskRow:
        """Settle a row whose task a consumer of the old code has run, and return the row."""
        from compat.huey.reconcile import reconcile

        return reconcile(self, row)

    def cancel_many(self, result_ids: Iterable[str], **options: Any) -> dict[str, Cancellation]:
        """Cancel tasks in one commit, and let consumers of old code drop their messages then."""
        answers = super().cancel_many(result_ids, **options)
        done = [result_id for result_id, answer in answers.items() if answer is Cancellation.DONE]
        if done:
            transaction.on_commit(partial(self._revoke, done), using=self.database)
        return answers

    def _revoke(self, result_ids: list[str]) -> None:
        from compat.huey.wire import revoke

        for row in self.store.tasks.filter(id__in=result_ids, published_at__isnull=False):
            revoke(self, row)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        messages = [*super().check(**kwargs), *self.wrong(WRONG_HUEY, "hueys")]
        if not messages and self.hueys.unknown:
            messages.append(_unknown(self))
        return messages

    def check_deployment(self) -> list[checks.CheckMessage]:
        """Return what is wrong with the storages and modes of Huey in production."""
        if self.wrong(WRONG_HUEY, "hueys"):
            return []
        return list(check_deployment(self))


def _unknown(backend: HueyBackend) -> checks.CheckMessage:
    names = ", ".join(map(repr, backend.hueys.unknown))
    return WRONG_HUEY(
        f"HUEYS of TASKS[{backend.alias!r}] has {names}, and its QUEUES do not.",
        hint="Add the queue to QUEUES, or correct its name.",
    )

"""What Huey runs for a bridged task: claim, execute, and tell Huey how it ended."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone
from huey.exceptions import CancelExecution

from bridge import registry
from bridge.backends.endless import bounded
from bridge.backoff import fixed
from bridge.ledger.results import to_result
from bridge.outcome import Outcome, RetryLater, Succeeded
from bridge.restoring import restore
from bridge.retry import Retry
from bridge.worker.delivery import Delivery
from bridge.worker.persistence import refresh_connections
from compat.huey import holder, telling
from compat.huey.registration import owner
from compat.huey.task import BridgedTask
from compat.huey.wire import Message

if TYPE_CHECKING:
    from bridge.base import Task
    from bridge.ledger.models import TaskRow
    from bridge.result import AnyResult

FOREVER = 2**31 - 1


def claim(huey_task: Any) -> None:
    """Claim the row of a message before Huey runs it: what must not run leaves no trace then.

    Raise CancelExecution for a message that was delivered twice, or whose task has moved.
    """
    if not isinstance(huey_task, BridgedTask):
        return
    attempt = Attempt(huey_task)
    if attempt.claim():
        huey_task.attempt = attempt
        huey_task.leave_to_executor()
        return
    huey_task.dropped = True
    huey_task.forget_others()
    raise CancelExecution("a message that must not run again")


def run(huey_task: BridgedTask) -> Any:
    """Run a claimed task; return or raise for Huey."""
    if huey_task.attempt is None:
        claim(huey_task)  # Huey has logged why that failed, and went on; here it counts
    assert huey_task.attempt is not None
    return huey_task.attempt.run()


class Attempt:
    """One delivery of a message."""

    row: TaskRow

    def __init__(self, huey_task: BridgedTask) -> None:
        self.huey_task = huey_task
        self.task = cast("Task[..., Any]", registry.resolve(huey_task.bridged))
        self.backend = owner(self.task)
        self.message = Message.of(huey_task)
        self.here = bool(huey_task.huey.immediate)
        self.started = False
        if not self.here:
            refresh_connections()
        self.delivery = Delivery(
            self.backend,
            holder.open_here(self.backend) if self.here else holder.current(),
            here=self.here,
            refused=telling.is_interrupted,
            understood=self._understood,
        )

    @property
    def is_legacy(self) -> bool:
        """Say whether old code has sent the message: then it says how often it is retried."""
        return self.row.enqueued_at is None and self.huey_task.said.retries is not None

    def claim(self, *, runs: int | None = None) -> bool:
        """Claim the row; False for a message that must not run."""
        row = self.delivery.claim(
            self.message.draft(self.backend, self.task),
            runs=runs,
            has_row=self.huey_task.said.retries is None,  # only messages of new code are silent
        )
        if row is not None:
            self.row = row
        elif self.here:
            self.close()
        return row is not None

    def close(self) -> None:
        """End the lease of a task that runs in the process of its caller."""
        self.backend.leases.end(self.delivery.worker)

    def run(self) -> Any:
        """Run the task, where nobody waits between attempts all of them; tell Huey the end."""
        self.started = True
        if not self.here:
            return self._tell(self._once())
        try:
            outcome = self._once()
            while isinstance(outcome, RetryLater) and self.claim(runs=self.row.runs):
                outcome = self._once()
            return self._tell(outcome)
        finally:
            self.close()

    def _once(self) -> Outcome:
        self.result: AnyResult = to_result(self.row, self._as_said())
        # Old code may have sent what a result does not hold: dates, or whatever can be pickled.
        object.__setattr__(self.result, "args", self.message.args)
        object.__setattr__(self.result, "kwargs", self.message.kwargs)
        return self.delivery.run(self.row, self.result)

    def _as_said(self) -> Task[..., Any]:
        """Return the task with what a message of old code says in the place of its policies."""
        if not self.is_legacy:
            return self.task
        said = self.huey_task.said
        limit = self.row.runs + (said.retries or 0)
        policy = self.task.retry
        if policy is not None:
            policy = copy.copy(policy)
            policy.max_attempts = limit
        elif said.retries:
            policy = Retry(max_attempts=limit, backoff=fixed(said.retry_delay))
        return restore(self.task, retry=policy, timeout=self.task.timeout or said.timeout)

    def _understood(self, outcome: Outcome) -> Outcome:
        outcome = telling.understood(outcome, self.huey_task)
        return bounded(self.result, outcome) if self.here else outcome

    def _tell(self, outcome: Outcome) -> Any:
        if telling.is_interrupted(outcome):
            raise cast("Any", outcome).exception
        if not self.delivery.kept:
            self.huey_task.forget_others()
            return None
        if isinstance(outcome, Succeeded):
            return outcome.returned
        if isinstance(outcome, RetryLater) and not self._is_cancelled():
            self._let_huey_repeat(outcome)
        else:
            self.huey_task.retries = 0
        raise telling.failure(outcome, final=not self.huey_task.retries)

    def _let_huey_repeat(self, outcome: RetryLater) -> None:
        """Set what Huey goes by: it sends the message again, with all that it carries."""
        huey_task = self.huey_task
        free = telling.costs_no_retry(outcome.exception)
        huey_task.retries = self._retries_left(free=free) + (0 if free else 1)
        huey_task.retry_delay = outcome.delay
        own = self.is_legacy and self.task.retry is None
        huey_task.retry_backoff = huey_task.said.backoff if own else 0
        huey_task.timeout = huey_task.said.timeout  # for the consumer that takes it next
        if not self.message.repeatable:
            # The relay must not send what it cannot make.
            self.backend.store.messages.mark_published(self.row, timezone.now())

    def _retries_left(self, *, free: bool) -> int:
        """Return how often consumers of old code may repeat the next attempt."""
        if self.is_legacy:
            return max((self.huey_task.said.retries or 0) - (0 if free else 1), 0)
        policy = self.task.retry
        if policy is None:
            return 0
        return FOREVER if policy.limit is None else max(policy.limit - self.row.runs - 1, 0)

    def _is_cancelled(self) -> bool:
        """Say whether somebody asked the task to stop; then end it, no attempt has to follow."""
        row = self.row
        asked = self.backend.store.tasks.filter(id=row.id, cancel_requested_at__isnull=False)
        return asked.exists() and bool(self.backend.cancel(str(row.id)))

"""A task on the wire: the message Huey itself would send, and what one from old code says."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.timezone import is_naive, make_aware, make_naive
from huey.utils import normalize_time

from bridge import typed_json
from bridge.hooks import task_specs
from bridge.ids import to_uuid
from bridge.interface import AnyTask
from bridge.ledger.models import TaskRow
from bridge.values import storable
from compat.huey.priorities import from_wire, to_wire
from compat.huey.registration import class_of
from compat.huey.task import BridgedTask

if TYPE_CHECKING:
    from compat.huey.backend import HueyBackend

logger = logging.getLogger("bridge.huey")


def send(backend: HueyBackend, row: TaskRow) -> None:
    """Send a row's message; where Huey is immediate, run it."""
    huey = backend.hueys.of(row.queue_name)
    if row.token or row.errors:
        # How the task ended before is nothing to go by any more, nor that it was cancelled.
        huey.delete(str(row.id))
        huey.restore_by_id(str(row.id))
    huey.enqueue(message(backend, huey, row))


def revoke(backend: HueyBackend, row: TaskRow) -> None:
    """Let consumers of old code drop the message of a cancelled task; an error is logged."""
    try:
        backend.hueys.of(row.queue_name).revoke_by_id(str(row.id), revoke_once=True)
    except Exception as error:  # noqa: BLE001
        # Every storage has its own errors, and consumers of new code look at the row.
        logger.warning("task=%s consumers of old code may still run it: %r", row.id, error)


def message(backend: HueyBackend, huey: Any, row: TaskRow) -> BridgedTask:
    """Return a row's message."""
    kind = class_of(huey, backend.aliases.wire_name(row.task_path), row.task_path)
    marked = backend.typed_json or row.enqueued_at is None
    args, kwargs = (
        (typed_json.revive(row.args), typed_json.revive(row.kwargs))
        if marked
        else (row.args, row.kwargs)
    )
    eta = None
    if row.run_after is not None and not huey.immediate:
        eta = normalize_time(eta=aware(row.run_after), utc=huey.utc)
    # A consumer of old code goes by the options of its own declaration where a message is silent.
    return kind(
        tuple(args),
        kwargs,
        id=str(row.id),
        eta=eta,
        priority=to_wire(row.priority, huey),
        # Aware: what is naive Huey takes for local time each time the message is moved.
        expires=None if row.expires_at is None else aware(row.expires_at),
    )


def aware(moment: datetime) -> datetime:
    """Return a time of the ledger with its zone."""
    return make_aware(moment) if is_naive(moment) else moment


def moment(huey: Any, eta: datetime | None) -> datetime | None:
    """Return the time in a message as the ledger has it."""
    if eta is None:
        return None
    known = eta.replace(tzinfo=UTC) if huey.utc else eta.astimezone()
    return known if settings.USE_TZ else make_naive(known)


@dataclass(frozen=True, slots=True)
class Message:
    """A received message."""

    id: str
    args: list[Any]
    kwargs: dict[str, Any]
    eta: datetime | None
    huey: Any
    priority: float | None
    # Does it carry the rest of a pipeline or a chord, which only the message knows?
    in_workflow: bool

    @classmethod
    def of(cls, task: BridgedTask) -> Message:
        """Read a task that Huey has taken."""
        followed = task.on_complete or task.on_error or task.chord_config
        return cls(
            id=task.id,
            args=list(task.args),
            kwargs=dict(task.kwargs),
            eta=moment(task.huey, task.eta),
            huey=task.huey,
            priority=task.priority,
            in_workflow=followed is not None,
        )

    @property
    def portable(self) -> bool:
        """Say whether the arguments can be stored and read back."""
        try:
            _marked([self.args, self.kwargs])
        except (TypeError, ValueError):
            return False
        return True

    @property
    def repeatable(self) -> bool:
        """Say whether the ledger can make this message again."""
        return self.portable and not self.in_workflow

    def draft(self, backend: HueyBackend, task: AnyTask) -> TaskRow:
        """Return the row this message needs if the ledger has none, because old code sent it.

        Dates and the like are stored with marks. Other arguments, for messages are pickled, run as
        they are and are stored as their repr. No message could be made from that, nor from a row
        whose message carries the rest of a pipeline: such a task fails when its worker dies.
        """
        portable = self.portable
        return TaskRow(
            id=to_uuid(self.id),
            task_path=task.module_path,
            args=_marked(self.args) if portable else [_text(value) for value in self.args],
            kwargs=_marked(self.kwargs)
            if portable
            else {str(name): _text(value) for name, value in self.kwargs.items()},
            backend=backend.alias,
            transport=backend.transport,
            queue_name=backend.hueys.queue_of(self.huey),
            priority=from_wire(self.priority),
            run_after=self.eta,
            on_lost=backend.on_lost_of(task) if self.repeatable else "fail",
            # What follows from the task is up to the task, whoever has sent it.
            hooks=task_specs(getattr(task, "on_success", ()), getattr(task, "on_failure", ())),
        )


def _marked(value: Any) -> Any:
    return storable(json.loads(typed_json.encode(value)))


def _text(value: Any) -> str:
    return repr(value)[:1000].replace("\x00", "\\x00")

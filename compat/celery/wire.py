"""A task on the wire: the message Celery itself would send, and what one from old code says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.timezone import is_naive, make_aware
from kombu.exceptions import EncodeError
from kombu.utils.json import dumps

from bridge.hooks import task_specs
from bridge.ids import to_uuid
from bridge.interface import AnyTask
from bridge.ledger.models import TaskRow
from bridge.values import storable
from compat.celery import stamp
from compat.celery.moments import aware
from compat.celery.producer import Producer, producing
from compat.celery.stamp import Stamp

if TYPE_CHECKING:
    from compat.celery.backend import CeleryBackend
    from compat.celery.base import OnCelery

# A caller waits for this: about a second when the broker refuses connections.
RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
HAS_ROW = "bridge_row"
"""The header of a message that is nothing without its row: old code's has none before it runs."""


def send(backend: CeleryBackend, row: TaskRow, producer: Producer | None = None) -> None:
    """Send a row's message. Raise PayloadTooLarge for one that is too large."""
    publish(
        backend,
        row.task_path,
        row.args,
        row.kwargs,
        task_id=str(row.id),
        queue_name=row.queue_name,
        priority=row.priority,
        run_after=row.run_after,
        expires_at=row.expires_at,
        headers={HAS_ROW: True},
        producer=producer,
        **({"retries": row.runs} if row.runs else {}),
    )


def publish(
    backend: OnCelery,
    path: str,
    args: list[Any],
    kwargs: dict[str, Any],
    *,
    task_id: str,
    queue_name: str,
    priority: int,
    run_after: datetime | None,
    expires_at: datetime | None,
    headers: dict[str, Any],
    producer: Producer | None = None,
    **options: Any,
) -> None:
    """Send a message by the Celery task of its name, so routes and task options apply.

    Further options are those of Celery's apply_async(). Raise PayloadTooLarge for a message that
    is too large.
    """
    queue = backend.celery_queues.to_wire(queue_name)
    levels = backend.celery_queues.levels(queue)
    # What the call does not say, the Celery task must not say in its place: using() had the word.
    options |= {
        "task_id": task_id,
        "retry_policy": RETRY_POLICY,
        "queue": queue,
        "eta": run_after and _aware(run_after),
        # Workers of the old code know no ledger: they obey what the message says.
        "expires": expires_at and _aware(expires_at),
        "priority": levels and levels.to_wire(priority),
    }
    name = backend.aliases.wire_name(path)
    if backend.app.conf.task_always_eager:
        _apply(backend, name, args, kwargs, options)
        return
    # Celery would subscribe to the result for whoever waits for it here, which nobody does: one
    # more round trip, and a long wait while the result backend is away. Workers are told what the
    # task says.
    task = backend.app.tasks.get(name)
    options["ignore_result"] = True
    options["headers"] = {"ignore_result": task and task.ignore_result, **headers}
    if producer is not None:
        _apply(backend, name, args, kwargs, {**options, "producer": producer})
        return
    with producing(backend) as lent:
        _apply(backend, name, args, kwargs, {**options, "producer": lent})


def _apply(
    backend: OnCelery, name: str, args: list[Any], kwargs: dict[str, Any], options: dict[str, Any]
) -> None:
    task = backend.app.tasks.get(name)
    if task is None:
        backend.app.send_task(name, tuple(args), kwargs, **options)
    else:
        task.apply_async(tuple(args), kwargs, **options)


def _aware(at: datetime) -> datetime:
    return make_aware(at) if is_naive(at) else at


def plain(value: Any) -> Any:
    """Return value as the JSON that Celery's JSON serialiser writes, types marked.

    Raise TypeError or ValueError for what it cannot write.
    """
    try:
        return storable(json.loads(dumps(value)))
    except EncodeError as error:
        raise TypeError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Message:
    """A received message."""

    id: str
    args: list[Any]
    kwargs: dict[str, Any]
    retries: int
    eta: datetime | None
    queue: str
    level: int | None
    # Does it carry the rest of a chain, a chord or callbacks, which only the message knows?
    in_workflow: bool
    # Was its row written before it was sent?
    has_row: bool
    # What a producer without a ledger says of the task.
    stamp: Stamp = field(default_factory=dict)

    @classmethod
    def of(cls, request: Any, args: Any, kwargs: Any) -> Message:
        """Read the request of a running Celery task."""
        delivery = request.delivery_info or {}
        return cls(
            id=request.id,
            args=list(args),
            kwargs=dict(kwargs),
            retries=request.retries or 0,
            eta=aware(datetime.fromisoformat(request.eta)) if request.eta else None,
            queue=delivery.get("routing_key") or "",
            level=delivery.get("priority"),
            in_workflow=any(
                getattr(request, name, None) for name in ("chain", "chord", "callbacks", "errbacks")
            ),
            has_row=bool((request.headers or {}).get(HAS_ROW)),
            stamp=stamp.of(request.stamps),
        )

    @property
    def portable(self) -> bool:
        """Say whether the arguments can be stored and read back."""
        try:
            plain([self.args, self.kwargs])
        except (TypeError, ValueError):
            return False
        return True

    @property
    def repeatable(self) -> bool:
        """Say whether the ledger can make this message again."""
        return self.portable and not self.in_workflow

    def queue_name(self, backend: OnCelery) -> str:
        """Return the queue it came from, by the name Django has for it."""
        return backend.celery_queues.from_wire(self.queue)

    def priority(self, backend: OnCelery) -> int:
        """Return the priority it came with, by Django's numbers."""
        levels = backend.celery_queues.levels(
            backend.celery_queues.to_wire(self.queue_name(backend))
        )
        return levels.from_wire(self.level) if levels else 0

    def draft(self, backend: CeleryBackend, task: AnyTask) -> TaskRow:
        """Return the row this message needs if the ledger has none, because old code sent it.

        Dates, UUIDs and the like are stored the way Celery's JSON marks them. Other arguments,
        which came pickled, run as they are and are stored as their repr. No message could be made
        from that, nor from a row whose message carries the rest of a chain: such a task fails when
        its worker dies.
        """
        portable = self.portable
        return TaskRow(
            id=to_uuid(self.id),
            task_path=task.module_path,
            args=plain(self.args) if portable else [_text(value) for value in self.args],
            kwargs=plain(self.kwargs)
            if portable
            else {str(name): _text(value) for name, value in self.kwargs.items()},
            backend=backend.alias,
            transport=backend.transport,
            queue_name=self.queue_name(backend),
            priority=self.priority(backend),
            run_after=self.eta,
            expires_at=stamp.facts_of(self.stamp).get("expires_at"),
            on_lost=backend.on_lost_of(task) if self.repeatable else "fail",
            # What follows from the task is up to the task, whoever has sent it.
            hooks=task_specs(getattr(task, "on_success", ()), getattr(task, "on_failure", ())),
        )


def _text(value: Any) -> str:
    return repr(value)[:1000].replace("\x00", "\\x00")

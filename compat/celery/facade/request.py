"""`self.request`: what a running task knows of its call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.interface import DjangoImmediateBackend

if TYPE_CHECKING:
    from bridge.context import AnyContext
    from compat.celery.facade.task import AnyFacadeTask

IN_PLACE = "celery:eager"
"""The worker of tasks that apply() runs."""
_EAGER = ("immediate:", IN_PLACE)


@dataclass(slots=True, kw_only=True, eq=False)
class Request:
    """One call of a task, under the names Celery has for what it says."""

    current: AnyFacadeTask
    id: str | None = None
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    retries: int = 0
    called_directly: bool = True
    is_eager: bool = False
    hostname: str | None = None
    eta: str | None = None
    expires: str | None = None
    group: str | None = None
    delivery_info: dict[str, Any] = field(default_factory=dict)
    context: AnyContext | None = None
    outer: Request | None = None

    @classmethod
    def of(cls, context: AnyContext) -> Request:
        """Return what a worker knows."""
        result: Any = context.task_result
        task = result.task
        worker = result.worker_ids[-1] if result.worker_ids else ""
        expires_at = getattr(result, "expires_at", None)
        return cls(
            current=task,
            id=result.id,
            args=list(result.args),
            kwargs=dict(result.kwargs),
            retries=max(0, context.attempt - 1),
            called_directly=False,
            is_eager=worker.startswith(_EAGER)
            or isinstance(task.get_backend(), DjangoImmediateBackend),
            hostname=worker or None,
            eta=task.run_after and task.run_after.isoformat(),
            expires=expires_at and expires_at.isoformat(),
            group=getattr(result, "batch_id", None),
            delivery_info={"routing_key": task.queue_name, "priority": task.priority},
            context=context,
        )

    @property
    def task(self) -> str:
        """Return the name of the task."""
        return self.current.name

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or the default."""
        return getattr(self, name, default)


_running: ContextVar[Request | None] = ContextVar("celery_facade_request", default=None)


def innermost() -> Request | None:
    """Return the request of the task that runs here."""
    return _running.get()


def request_of(task: AnyFacadeTask) -> Request:
    """Return the innermost request of this task; one that says nothing where it is not running."""
    request = _running.get()
    while request is not None and request.current.module_path != task.module_path:
        request = request.outer
    return request or Request(current=task)


def push(request: Request) -> None:
    """Let a request be the innermost one."""
    request.outer = _running.get()
    _running.set(request)


def pop() -> None:
    """Take the innermost request away."""
    request = _running.get()
    _running.set(request.outer if request is not None else None)


@contextmanager
def running(request: Request) -> Iterator[None]:
    """Let a request be the innermost one in this block."""
    push(request)
    try:
        yield
    finally:
        pop()

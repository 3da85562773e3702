"""Queues from which no worker takes anything until they are resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from bridge.interface import DEFAULT_TASK_BACKEND_ALIAS, task_backends

if TYPE_CHECKING:
    from bridge.backends.ledger import LedgerBackend


def pause_queue(name: str, backend: str = DEFAULT_TASK_BACKEND_ALIAS) -> bool:
    """Let no worker start a task of this queue; False when it was paused already.

    It holds from the commit of the caller's transaction on, for every backend that keeps its tasks
    in the same database. Tasks that run go on, and tasks can be enqueued. Raise ValueError for a
    queue that the backend does not have, and NotImplementedError where it cannot be paused.
    """
    owner = pausable(backend)
    if owner.queues and name not in owner.queues:
        raise ValueError(
            f"Queue {name!r} is not in QUEUES of TASKS[{backend!r}], which has "
            f"{', '.join(sorted(owner.queues))}."
        )
    return owner.store.control.pause(owner.transport, name)


def resume_queue(name: str, backend: str = DEFAULT_TASK_BACKEND_ALIAS) -> bool:
    """Let workers take tasks of this queue again; False when it was not paused.

    An idle worker on PostgreSQL notices at once, others within their --interval.
    """
    owner = pausable(backend)
    with transaction.atomic(using=owner.database):
        is_news = owner.store.control.resume(owner.transport, name)
        if is_news and not owner.pooled:
            owner.store.control.ring([name])
    return is_news


def paused_queues(backend: str = DEFAULT_TASK_BACKEND_ALIAS) -> list[str]:
    """Return the names of the paused queues, in alphabetical order."""
    owner = pausable(backend)
    return owner.store.control.paused(owner.transport)


def pausable(alias: str) -> LedgerBackend:
    """Return a backend whose queues can be paused. Raise NotImplementedError for any other."""
    from bridge.backends.ledger import LedgerBackend

    backend: Any = task_backends[alias]
    if isinstance(backend, LedgerBackend) and backend.supports_pause:
        return backend
    hint = getattr(backend, "instead_of_pausing", "")
    raise NotImplementedError(
        f"TASKS[{alias!r}] is {type(backend).__name__}, whose queues cannot be paused.{hint}"
    )

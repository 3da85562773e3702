"""The line a worker starts with."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import OperationalError, connections

from bridge.backends.ledger import LedgerBackend
from bridge.worker.options import WorkerOptions
from bridge.worker.queues import Queues

_WAKE_UP = {"postgresql": "notify", "sqlite": "data_version", "mysql": "poll"}


def banner(
    worker: str,
    backend: LedgerBackend,
    options: WorkerOptions,
    queues: Queues,
    paused: Sequence[str] = (),
) -> str:
    """Say in one line who serves what, where, and how it learns of new tasks."""
    connection = connections[backend.database]
    limits = {"max_tasks": options.max_tasks, "max_rss": options.max_rss}
    facts = {
        "worker": worker,
        "backend": backend.alias,
        "database": f"{connection.vendor}:{backend.database}",
        "queues": str(queues),
        **({"paused": ",".join(paused)} if paused else {}),
        "processes": f"{options.processes}x{options.concurrency}",
        "wake_up": _wake_up(connection.vendor, backend, options),
        **{name: f"{limit:.10g}" for name, limit in limits.items() if limit is not None},
        **{name: "yes" for name in ("batch", "reload") if getattr(options, name)},
    }
    line = " ".join(
        f'{name}="{fact}"' if " " in fact else f"{name}={fact}" for name, fact in facts.items()
    )
    return f"db_worker {line}; Ctrl+C stops it"


def paused_queues(backend: LedgerBackend) -> list[str]:
    """Return the paused queues; none while the database is away, for which the worker waits."""
    try:
        return backend.store.control.paused(backend.transport)
    except OperationalError:
        return []


def _wake_up(vendor: str, backend: LedgerBackend, options: WorkerOptions) -> str:
    look = f"look/{options.interval:g}s"
    if vendor == "postgresql" and backend.pooled:
        return look
    return "+".join(filter(None, (_WAKE_UP.get(vendor), look)))

"""What a worker was asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field

RECYCLED = 3
"""The exit code of a child process that reached --max-tasks or --max-rss, its work done."""

OVERDUE = 4
"""The exit code of one in which nothing but tasks past their hard timeout was left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """The command line of db_worker, checked. Durations are seconds, max_rss is MiB.

    Without `queues` all are served but `exclude`; with `weights` every one of `queues` has one.
    `reload` means that a watcher runs this worker and starts another when the code changes.
    """

    backend: str
    queues: tuple[str, ...] = ()
    weights: dict[str, float] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    processes: int = 1
    concurrency: int = 1
    interval: float = 1.0
    grace: float = 30.0
    max_tasks: int | None = None
    max_rss: float | None = None
    batch: bool = False
    reload: bool = False

"""What a worker was asked to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """The command line of db_worker, checked. Durations are seconds."""

    backend: str
    queues: tuple[str, ...] = ()
    processes: int = 1
    concurrency: int = 1
    interval: float = 1.0
    grace: float = 30.0
    batch: bool = False

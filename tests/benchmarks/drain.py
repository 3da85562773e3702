"""Drain a full queue, and count what each task costs."""

from __future__ import annotations

import time

from .processes import Tree
from .producer import Producer
from .records import Metrics
from .stage import Stage

WARM = 100
ASLEEP = 1.2
"""Longer than any peer sleeps between two looks: held so long, all wake up at the same moment."""
FEWEST, MOST = 150, 60_000


def drain(stage: Stage, concurrency: int, seconds: float, port: int | None = None) -> Metrics:
    """Return tasks per second and the costs of a task, from a drain of about so many seconds.

    The worker is started and warmed up first, then held while the queue is filled, and let go:
    neither its start nor the filling is measured. The clock runs from the first task's start until
    the last task is finished.
    """
    before = stage.database.counters()
    with stage.worker(concurrency, port) as worker, stage.producer() as producer:
        stage.warm(worker, producer)
        ran = 1 + pace(stage, worker, producer)
        count = int(min(MOST, max(FEWEST, stage.pace * seconds)))
        first, last = stage.label(), stage.label()
        hold(stage, worker)
        held = time.monotonic()
        producer.ask("fill", count, first, last)
        producer.ask("close")
        time.sleep(max(0.0, ASLEEP - (time.monotonic() - held)))
        wal, server_cpu, cpu = stage.database.wal(), stage.database.cpu(), worker.cpu()
        worker.go_on()
        patience = 30 + 8 * seconds
        start = stage.seen(worker, first, patience)
        end = stage.seen(worker, last, patience)
        end = stage.finished(patience) or end
        metrics = {"rate": count / (end - start), "tasks": float(count)}
        metrics["cpu_ms"] = (worker.cpu() - cpu) * 1000 / count
        stage.pace = metrics["rate"]
        if server_cpu is not None and stage.peer.table:
            metrics["db_cpu_ms"] = ((stage.database.cpu() or 0) - server_cpu) * 1000 / count
        if wal is not None and stage.peer.table:
            metrics["wal"] = ((stage.database.wal() or 0) - wal) / count
    after = stage.database.counters()
    if before.commits is not None and after.commits is not None and stage.peer.table:
        metrics["commits"] = (after.commits - before.commits) / (count + 2 + ran)
    return metrics


def hold(stage: Stage, worker: Tree) -> None:
    """Hold a worker while it has no lock in the database that would stop the filling."""
    for _ in range(100):
        worker.hold()
        if not stage.database.busy():
            return
        worker.go_on()
        time.sleep(0.03)
    raise TimeoutError(f"{stage.peer.name} never leaves the database alone.")


def pace(stage: Stage, worker: Tree, producer: Producer) -> int:
    """Learn roughly how fast this peer is, unless an earlier round told; return the tasks used."""
    used = 0
    for wanted in (0.0, 0.2) if not stage.pace else (0.1,):
        count = int(max(WARM, stage.pace * wanted))
        first, last = stage.label(), stage.label()
        producer.ask("fill", count, first, last)
        start = stage.seen(worker, first, 60)
        stage.pace = count / (stage.seen(worker, last, 60) - start)
        stage.finished(60)
        used += count + 2
    return used

"""The way in."""

from __future__ import annotations

from functools import partial

from ..records import Metrics
from ..run import Run
from ..stage import Stage

QUESTION = "Enqueue on PostgreSQL (brokers: on Redis), one commit each, or many at once"
COLUMNS = ("rate", "cpu_ms", "commits", "wal")
KIND = "postgresql"


def play(run: Run) -> None:
    """Measure everybody; peers that cannot enqueue many at once are left out there."""
    for verb, count in (("one_by_one", 2000), ("many", 20_000)):
        count = count if run.full else count // 4
        for number, peer in run.interleave(run.on(KIND)):
            call = partial(enqueue, verb=verb, count=count)
            run.measure("enqueue", verb.replace("_", " "), peer, KIND, number, call)


def enqueue(stage: Stage, verb: str, count: int) -> Metrics:
    """Return how many tasks are enqueued per second, by one process."""
    before = stage.database.counters()
    with stage.producer() as producer:
        if verb == "many" and not producer.ask("can_bulk")["yes"]:
            return {}
        producer.ask(verb, 20)
        spent = producer.ask(verb, count)
    metrics = {"rate": count / spent["seconds"], "cpu_ms": spent["cpu"] * 1000 / count}
    after = stage.database.counters()
    if after.commits is not None and before.commits is not None and stage.peer.table:
        metrics["commits"] = (after.commits - before.commits) / (count + 20)
    if after.wal is not None and before.wal is not None and stage.peer.table:
        metrics["wal"] = (after.wal - before.wal) / (count + 20)
    return metrics

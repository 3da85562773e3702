"""A process that enqueues for a peer while no worker runs."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property

from .databases import Counters
from .peers import Peer
from .producer import Producer
from .records import Metrics
from .stage import Stage, Stages


class Enqueuer:
    """Started when first asked; `closing` ends it."""

    def __init__(self, stages: Stages, peer: Peer, kind: str, closing: ExitStack) -> None:
        self._stages = stages
        self._peer = peer
        self._kind = kind
        self._closing = closing
        self._tasks = 0
        self._before = Counters()

    @cached_property
    def _stage(self) -> Stage:
        stage = self._stages.get(self._peer, self._kind)
        self._before = stage.database.counters()
        return stage

    @cached_property
    def _producer(self) -> Producer:
        producer = self._closing.enter_context(self._stage.producer())
        producer.ask("one_by_one", 5)
        self._tasks = 5
        return producer

    def enqueue(self, verb: str, count: int) -> Metrics:
        """Return how many tasks are enqueued per second, and what one costs."""
        producer, database = self._producer, self._stage.database
        wal = database.wal()
        spent = producer.ask(verb, count)
        self._tasks += count
        metrics = {"rate": count / spent["seconds"], "cpu_ms": spent["cpu"] * 1000 / count}
        if wal is not None and self._peer.table:
            metrics["wal"] = ((database.wal() or 0) - wal) / count
        return metrics

    def commits(self) -> Metrics:
        """Return how many commits a task took, over all calls; call it last."""
        self._producer.ask("close")
        after = self._stage.database.counters()
        if after.commits is None or self._before.commits is None or not self._peer.table:
            return {}
        return {"commits": (after.commits - self._before.commits) / self._tasks}

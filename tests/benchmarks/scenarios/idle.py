"""An empty queue: what waiting costs, and how soon a task is picked up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack

from ..peers import Peer
from ..records import Record
from ..run import Run
from ..waiting import Waiting

QUESTION = "An idle worker: CPU %, statements/s, and ms from calling enqueue() to the start"
COLUMNS = ("p50_ms", "p95_ms", "enqueue_ms", "idle_cpu", "statements")
QUICK = {"postgresql": (), "sqlite": ("bridge",)}
GAP = 0.3
"""Seconds between two tasks for the same worker, at least: it is idle again by then."""


def play(run: Run) -> None:
    """Measure all workers at the same time; the hand-written limit has no idle state."""
    for kind, quick in QUICK.items():
        peers = [p for p in run.on(kind, *(() if run.full else quick)) if p.name != "limit"]
        with ExitStack() as closing:
            Idlers(run, kind, peers, closing).watch()


class Idlers:
    """The idle workers of several peers. One that breaks leaves; the others go on."""

    def __init__(self, run: Run, kind: str, peers: list[Peer], closing: ExitStack) -> None:
        self.run = run
        self.kind = kind
        self.waiting = {peer: Waiting(closing) for peer in peers}

    def watch(self) -> None:
        """Watch them idle, then give each a task in turn, again and again."""
        full = self.run.full
        self.run.say(f"idle {self.kind}: {', '.join(p.name for p in self.waiting)}, all at once")
        for peer in list(self.waiting):
            self.try_(peer, lambda one, peer=peer: one.start(self.run.stages.get(peer, self.kind)))
        self.each(Waiting.ready)
        self.each(Waiting.look)
        time.sleep(30 if full else 6)
        self.each(Waiting.look_again)
        self.each(Waiting.ready)
        for _ in range(60 if full else 20):
            self.each(Waiting.ping, pause=0.02)
            self.each(Waiting.pong)
            time.sleep(random.uniform(GAP, 2 * GAP))
        for peer, one in self.waiting.items():
            self.run.records.append(Record("idle", self.kind, peer.name, 0, one.result()))

    def each(self, step: Callable[[Waiting], None], pause: float = 0.0) -> None:
        """Do a step for everybody, with pauses of a random length up to `pause` seconds."""
        for peer in list(self.waiting):
            self.try_(peer, step)
            time.sleep(random.uniform(0, pause))

    def try_(self, peer: Peer, step: Callable[[Waiting], None]) -> None:
        """Do a step for one, and part with it when it fails."""
        try:
            step(self.waiting[peer])
        except Exception as error:
            del self.waiting[peer]
            self.run.fail("idle", self.kind, peer, error)

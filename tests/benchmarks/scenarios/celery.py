"""What bridge.CeleryBackend adds to Celery, which sends and runs the messages of both."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from ..drain import drain
from ..enqueuer import Enqueuer
from ..peers.bridged import Bridged
from ..run import Run

QUESTION = "Celery on Redis without results: delay(), and bridge.CeleryBackend"
COLUMNS = ("rate", "cpu_ms")
RAW = "celery-redis"
SLICE = 40
"""Calls at a time: so few that what disturbs the machine disturbs everybody."""


def play(run: Run) -> None:
    """Measure calls, slice by slice, then workers."""
    peers = [peer for peer in run.peers if isinstance(peer, Bridged) or peer.name == RAW]
    kinds = {peer: getattr(peer, "database", "sqlite") for peer in peers}
    rounds = 60 if run.full else 20
    run.say(f"celery enqueue: {', '.join(peer.name for peer in peers)}, {rounds} rounds")
    with ExitStack() as closing:
        ready = {peer: Enqueuer(run.stages, peer, kinds[peer], closing) for peer in peers}
        for number, peer in run.interleave(peers, rounds):
            call = partial(ready[peer].enqueue, "one_by_one", SLICE)
            run.attempt("celery", "enqueue", peer, number, call)
    for number, peer in run.interleave(peers, run.rounds):
        call = partial(drain, concurrency=1, seconds=run.seconds)
        run.measure("celery", "worker", peer, kinds[peer], number, call)

"""The way in."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from ..enqueuer import Enqueuer
from ..run import Run

QUESTION = "Enqueue on PostgreSQL (brokers: on Redis)"
COLUMNS = ("rate", "cpu_ms", "commits", "wal")
KIND = "postgresql"
SLICES = {"one by one": 40, "many": 4000}
"""Tasks at a time: so few that a disk that is slow for a second is so for everybody."""


def play(run: Run) -> None:
    """Measure everybody, slice by slice, then count the commits that all slices took."""
    for cell, size in SLICES.items():
        peers = [peer for peer in run.on(KIND) if peer.bulk or cell != "many"]
        rounds = (50 if run.full else 15) if cell == "one by one" else 5
        run.say(f"enqueue {cell}: {', '.join(peer.name for peer in peers)}, {rounds} rounds")
        with ExitStack() as closing:
            ready = {peer: Enqueuer(run.stages, peer, KIND, closing) for peer in peers}
            for number, peer in run.interleave(peers, rounds):
                call = partial(ready[peer].enqueue, cell.replace(" ", "_"), size)
                run.attempt("enqueue", cell, peer, number, call)
            for peer in peers:
                run.attempt("enqueue", cell, peer, rounds, ready[peer].commits)

"""A database that is not on this machine."""

from __future__ import annotations

from functools import partial

from tests.services import POSTGRES

from ..drain import drain
from ..proxy import Proxy
from ..records import Metrics
from ..run import Run
from ..stage import Stage

QUESTION = "Drain on PostgreSQL, concurrency 1, with a network round trip of 1 ms"
COLUMNS = ("rate", "cpu_ms", "commits")
KIND = "postgresql"
ROUND_TRIP = 0.001
QUICK = ("bridge", "limit", "django-ox")


def play(run: Run) -> None:
    """Measure those whose worker talks to PostgreSQL."""
    peers = [peer for peer in run.on(KIND, *(() if run.full else QUICK)) if not peer.redis]
    with Proxy(POSTGRES.host, POSTGRES.port, ROUND_TRIP / 2) as proxy:
        for number, peer in run.interleave(peers, 2 if run.full else 1):
            call = partial(away, port=proxy.port, seconds=run.seconds)
            run.measure("network", "1 ms", peer, KIND, number, call)


def away(stage: Stage, port: int, seconds: float) -> Metrics:
    """Drain through a proxy."""
    stage.pace = 0.0  # not what it was without
    return drain(stage, 1, seconds, port)

"""Who is measured."""

from __future__ import annotations

from .base import Peer
from .bridge import Bridge
from .bridged import Bridged
from .celery import Celery
from .huey_postgresql import HueyPostgreSQL
from .huey_redis import HueyRedis
from .limit import Limit
from .ox import Ox
from .procrastinate import Procrastinate
from .q2 import DjangoQ2
from .taskq import Taskq
from .tasks_db import TasksDB

__all__ = ["ALL", "OURS", "Peer", "find"]

OURS = Bridge()
ALL: tuple[Peer, ...] = (
    OURS,
    Limit(),
    TasksDB(),
    Ox(),
    Taskq(),
    Procrastinate(),
    DjangoQ2(),
    Celery(),
    HueyRedis(),
    HueyPostgreSQL(),
    Bridged("native", "sqlite"),
    Bridged("ledger", "sqlite"),
    Bridged("ledger", "postgresql"),
)


def find(name: str) -> Peer:
    """Return a peer by name. Raise ValueError for an unknown one."""
    for peer in ALL:
        if peer.name == name:
            return peer
    names = ", ".join(peer.name for peer in ALL)
    raise ValueError(f"No peer is called {name!r}; there are {names}.")

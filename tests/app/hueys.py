"""Hueys of the suite, one for each storage; each is made when somebody asks for it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from huey import Huey, MemoryHuey, PostgresHuey, PriorityRedisHuey, SqliteHuey

from tests.services import POSTGRES, REDIS

NAME = f"suite{os.getpid()}"
SOON = {"read_timeout": 0.1}
"""A worker that waits for the next message looks so often whether it has to end."""

_made: dict[str, Huey] = {}


def _memory() -> Huey:
    return MemoryHuey(NAME)


def _sqlite() -> Huey:
    return SqliteHuey(NAME, filename=str(Path(tempfile.gettempdir()) / f"{NAME}.huey"))


def _redis() -> Huey:
    return PriorityRedisHuey(NAME, host=REDIS.host, port=REDIS.port, db=9, **SOON)


def _postgres() -> Huey:
    where = f"host={POSTGRES.host} port={POSTGRES.port} user={POSTGRES.user} dbname=postgres"
    return PostgresHuey(NAME, dsn=where, table_prefix=NAME, **SOON)


MAKERS = {"memory": _memory, "sqlite": _sqlite, "redis": _redis, "postgres": _postgres}


def __getattr__(name: str) -> Any:
    if name not in MAKERS:
        raise AttributeError(name)
    if name not in _made:
        _made[name] = MAKERS[name]()
    return _made[name]


def forget() -> None:
    """Leave nothing of them on any server or disk."""
    for name, huey in _made.items():
        huey.flush()
        if name == "postgres":
            tables = ", ".join(f"{NAME}_{each}" for each in ("kv", "schedule", "task", "counter"))
            huey.storage.sql(f"DROP TABLE {tables}", commit=True)
        huey.storage.close()
        if name == "sqlite":
            for path in Path(tempfile.gettempdir()).glob(f"{NAME}.huey*"):
                path.unlink()
    _made.clear()

"""Keys in Redis of this run only, all with one prefix."""

from __future__ import annotations

import os

from tests.services import REDIS

VARIABLE = "BENCH_SPACE"


def name() -> str:
    """Return the prefix of this process."""
    return os.environ[VARIABLE]


def clear(prefix: str) -> None:
    """Delete every key with a prefix in it."""
    from redis import Redis

    with Redis(REDIS.host, REDIS.port) as redis:
        keys = list(redis.scan_iter(match=f"*{prefix}*", count=10_000))
        for start in range(0, len(keys), 1000):
            redis.unlink(*keys[start : start + 1000])

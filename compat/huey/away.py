"""The errors by which storages say that they cannot be reached."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

_known: list[type[Exception]] = [OSError, sqlite3.OperationalError]
with suppress(ImportError):
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import TimeoutError as RedisTimeoutError

    _known += [RedisConnectionError, RedisTimeoutError]
with suppress(ImportError):
    import psycopg

    _known += [psycopg.OperationalError, psycopg.InterfaceError]

AWAY = tuple(_known)

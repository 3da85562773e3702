"""The databases that chaos meets, and how each can be hurt from outside."""

from __future__ import annotations

import resource
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, Self

from tests.services import POSTGRES

# Statements and commits fail while the table chaos_fault names a reason. The sequence counts
# them: it is the one thing in PostgreSQL that an aborted transaction changes.
FAULTS = """
CREATE TABLE chaos_fault (sqlstate text);
CREATE SEQUENCE chaos_raised;
CREATE FUNCTION chaos_raise() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE reason text;
BEGIN
    SELECT sqlstate INTO reason FROM chaos_fault ORDER BY random() LIMIT 1;
    IF FOUND AND random() < TG_ARGV[0]::float THEN
        PERFORM nextval('chaos_raised');
        RAISE EXCEPTION 'chaos' USING ERRCODE = reason;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_statement BEFORE UPDATE ON bridge_task
    FOR EACH STATEMENT EXECUTE FUNCTION chaos_raise('0.4');
CREATE CONSTRAINT TRIGGER chaos_commit AFTER UPDATE ON bridge_task
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_raise('0.03');
"""
DISK_FULL, SERIALIZATION, DEADLOCK = "53100", "40001", "40P01"
ROOM = 512 * 1024


class Sqlite:
    """A file in a folder of its own."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.settings: dict[str, Any] = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder / "chaos.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
            },
        }

    @contextmanager
    def failing(self, pids: Iterable[int]) -> Iterator[None]:
        """Let no file of these processes grow beyond 512 KiB: to them the disk is full."""
        pids = list(pids)
        _limit_files(pids, ROOM)
        yield
        _limit_files(pids, resource.RLIM_INFINITY)


class Postgres:
    """A database of its own in a server."""

    name = "postgres"

    def __init__(self, port: int = POSTGRES.port) -> None:
        self.port = port
        self.database = f"bridge_chaos_{secrets.token_hex(6)}"
        self.settings: dict[str, Any] = {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": POSTGRES.host,
            "PORT": port,
            "USER": POSTGRES.user,
            "NAME": self.database,
        }
        self._faults_ready = False

    def __enter__(self) -> Self:
        self._execute(f"CREATE DATABASE {self.database}", database="postgres")
        return self

    def __exit__(self, *exception: object) -> None:
        self._execute(f"DROP DATABASE {self.database} WITH (FORCE)", database="postgres")

    def terminate(self, chance: Random) -> int:
        """Terminate some of the connections; return how many."""
        (pids,) = self._execute(
            "SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        victims = [pid for pid in pids if chance.random() < 0.6]
        (ended,) = self._execute(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) "
            f"FROM unnest('{{{','.join(map(str, victims))}}}'::int[]) AS pid"
        )
        return int(ended)

    @contextmanager
    def failing(self, pids: Iterable[int]) -> Iterator[None]:
        """Let updates of the ledger, and their commits, fail at random for everybody."""
        if not self._faults_ready:
            self._execute(FAULTS)
            self._faults_ready = True
        self._execute(
            f"INSERT INTO chaos_fault VALUES ('{DISK_FULL}'), ('{SERIALIZATION}'), ('{DEADLOCK}')"
        )
        yield
        self._execute("DELETE FROM chaos_fault")

    def failed(self) -> int:
        """Return how many statements and commits have failed on purpose."""
        (count,) = self._execute(
            "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM chaos_raised"
        )
        return int(count)

    def _execute(self, sql: str, *, database: str | None = None) -> tuple[Any, ...]:
        import psycopg

        address = f"host={POSTGRES.host} port={self.port} user={POSTGRES.user}"
        with psycopg.connect(
            f"{address} dbname={database or self.database}", autocommit=True
        ) as connection:
            cursor = connection.execute(sql)
            return (cursor.fetchone() or ()) if cursor.description else ()


def _limit_files(pids: Iterable[int], size: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))

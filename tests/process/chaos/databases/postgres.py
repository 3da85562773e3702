"""A database of its own in a PostgreSQL server."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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


class Postgres:
    """PostgreSQL on loopback; creates the database on entry and drops it on exit."""

    name = "postgres"

    def __init__(self, port: int = POSTGRES.port) -> None:
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

        address = {"host": POSTGRES.host, "port": self.settings["PORT"], "user": POSTGRES.user}
        with psycopg.connect(
            **address, dbname=database or self.database, autocommit=True
        ) as connection:
            cursor = connection.execute(sql)
            return (cursor.fetchone() or ()) if cursor.description else ()

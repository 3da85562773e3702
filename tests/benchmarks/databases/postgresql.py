"""PostgreSQL, with its durable defaults."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString, cast

import psutil
import psycopg
from psycopg import sql

from tests.services import POSTGRES

from ..processes import cpu_of
from .base import Counters, Database

# TLS and its negotiation would be measured with every connection, and could not be read by a proxy.
PLAIN = {"sslmode": "disable", "gssencmode": "disable"}


class PostgreSQL(Database):
    """A database on the server that tests.services names."""

    kind = "postgresql"

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._asked = 0
        self._admin = self._connect("postgres")
        self._admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        self._own: psycopg.Connection[Any] | None = None

    def settings(self, port: int | None = None) -> dict[str, Any]:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": self.name,
            "HOST": POSTGRES.host,
            "PORT": port or POSTGRES.port,
            "USER": POSTGRES.user,
            "OPTIONS": PLAIN,
            "CONN_MAX_AGE": 600,  # Django's default of 0 would cost most peers two thirds
        }

    def reset(self) -> None:
        own = self._open()
        tables = own.execute(
            "SELECT tablename FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename <> 'django_migrations'"
        ).fetchall()
        if tables:
            names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in tables)
            own.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))
        self._close()

    def count(self, query: str) -> int:
        self._asked += 1
        row = self._open().execute(cast("LiteralString", query)).fetchone()
        return int(row[0]) if row else 0

    def busy(self) -> bool:
        query: LiteralString = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s "
            "AND backend_type = 'client backend' AND state <> 'idle'"
        )
        return self._one(query, self.name) > 0

    def multiply(self, table: str, copies: int) -> None:
        own = self._open()
        columns = own.execute(
            "SELECT attname, format_type(atttypid, NULL), attnum = ANY(indkey) "
            "FROM pg_attribute JOIN pg_index ON indrelid = attrelid AND indisprimary "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
            "AND attgenerated = ''",
            (table,),
        ).fetchall()
        values = [
            (sql.Identifier(name), NEW_KEY.get(kind, sql.Identifier(name)) if key else None)
            for name, kind, key in columns
            if not (key and kind in ("bigint", "integer"))  # the sequence has the next one
        ]
        own.execute(
            sql.SQL("INSERT INTO {t} ({names}) SELECT {values} FROM {t}, generate_series(1, {n})")
            .format(
                t=sql.Identifier(table),
                names=sql.SQL(", ").join(name for name, _ in values),
                values=sql.SQL(", ").join(value or name for name, value in values),
                n=sql.Literal(copies),
            )
        )  # fmt: skip
        own.execute("VACUUM ANALYZE")
        own.execute("CHECKPOINT")
        self._close()

    def counters(self) -> Counters:
        self._close()
        until = time.monotonic() + 3  # a connection counts for others once it is closed
        while time.monotonic() < until and self._one(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", self.name
        ):
            time.sleep(0.02)
        query: LiteralString = "SELECT xact_commit FROM pg_stat_database WHERE datname = %s"
        return Counters(self._one(query, self.name) - self._asked, self.wal())

    def wal(self) -> int:
        return self._one("SELECT (pg_current_wal_lsn() - '0/0')::bigint WHERE %s <> ''", self.name)

    def cpu(self) -> float:
        total = 0.0
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                title = " ".join(process.cmdline())
                if title.startswith("postgres: ") and f" {self.name} " in title:
                    total += cpu_of(process)
        return total

    def drop(self) -> None:
        self._close()
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name))
        with self._connect("postgres") as admin:
            admin.execute(drop)
        self._admin.close()

    def _one(self, query: LiteralString, *values: Any) -> int:
        row = self._admin.execute(query, values).fetchone()
        return int(row[0]) if row else 0

    def _open(self) -> psycopg.Connection[Any]:
        if self._own is None:
            self._own = self._connect(self.name)
        return self._own

    def _close(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None

    def _connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=POSTGRES.host,
            port=POSTGRES.port,
            user=POSTGRES.user,
            dbname=database,
            autocommit=True,
            **PLAIN,
        )


NEW_KEY = {
    "uuid": sql.SQL("gen_random_uuid()"),
    "character varying": sql.SQL("replace(gen_random_uuid()::text, '-', '')"),
}

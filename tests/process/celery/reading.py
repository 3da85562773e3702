"""Read the plant's tables from outside, whichever database they are in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.services import POSTGRES

Read = Callable[[str], list[dict[str, Any]]]
"""Runs a query; ids are hexadecimal, without hyphens."""
JSON_COLUMNS = {"args", "kwargs", "errors", "worker_ids", "return_value"}


def from_sqlite(path: Path) -> Read:
    """Return how to read a file."""

    def read(query: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(path, timeout=20)) as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute(query)]
        for row in rows:
            for name in JSON_COLUMNS & row.keys():
                row[name] = json.loads(row[name] or "null")
        return rows

    return read


def from_postgres(name: str) -> Read:
    """Return how to read a database of the PostgreSQL server."""
    import psycopg
    from psycopg.rows import dict_row

    server = f"host={POSTGRES.host} port={POSTGRES.port} user={POSTGRES.user} dbname={name}"

    def read(query: str) -> list[dict[str, Any]]:
        with psycopg.connect(server, autocommit=True, row_factory=dict_row) as connection:
            rows = connection.execute(query.encode()).fetchall()
        for row in rows:
            if "id" in row and hasattr(row["id"], "hex"):
                row["id"] = row["id"].hex
        return rows

    return read

"""SQLite with a write-ahead log, as we advise."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from .base import Database


class SQLite(Database):
    """A file in the run's folder."""

    kind = "sqlite"

    def __init__(self, name: str, folder: Path) -> None:
        self.path = folder / f"{name}.sqlite3"
        self._empty = folder / f"{name}.empty.sqlite3"

    def settings(self, port: int | None = None) -> dict[str, Any]:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(self.path),
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
            },
        }

    def migrated(self) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.path, self._empty)

    def reset(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        shutil.copy(self._empty, self.path)

    def count(self, query: str) -> int:
        with closing(sqlite3.connect(self.path, timeout=20)) as connection:
            return int(connection.execute(query).fetchone()[0])

    def busy(self) -> bool:
        with closing(sqlite3.connect(self.path, timeout=0, autocommit=True)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            connection.execute("ROLLBACK")
            return False

    def drop(self) -> None:
        for path in self.path.parent.glob(f"{self.path.stem}.*"):
            path.unlink()

"""Databases of the bench's own: one per peer, made for a run and dropped at its end."""

from __future__ import annotations

from pathlib import Path

from .base import Counters, Database
from .mysql import MySQL
from .postgresql import PostgreSQL
from .sqlite import SQLite

__all__ = ["Counters", "Database", "create"]

KINDS: dict[str, type[Database]] = {"postgresql": PostgreSQL, "sqlite": SQLite, "mysql": MySQL}


def create(kind: str, name: str, folder: Path) -> Database:
    """Make an empty database. `folder` is for the kinds that are files."""
    return KINDS[kind](name, folder)

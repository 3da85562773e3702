"""What the bench needs from a database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Counters:
    """What a server has counted so far; None where it does not count."""

    commits: int | None = None
    wal: int | None = None


class Database(ABC):
    """A database of our own on some server."""

    kind: str

    @abstractmethod
    def __init__(self, name: str, folder: Path) -> None:
        """Make it, empty."""

    @abstractmethod
    def settings(self, port: int | None = None) -> dict[str, Any]:
        """Return the DATABASES entry; `port` leads through a proxy."""

    @abstractmethod
    def reset(self) -> None:
        """Empty every table but that of the migrations."""

    @abstractmethod
    def count(self, query: str) -> int:
        """Return the number that a query finds."""

    @abstractmethod
    def drop(self) -> None:
        """Remove it."""

    def migrated(self) -> None:
        """Note that the tables are there, and empty."""
        return

    def busy(self) -> bool:
        """Say whether somebody is in the middle of a transaction, and may hold a lock."""
        return False

    def multiply(self, table: str, copies: int) -> None:
        """Copy the only row of a table so many times."""
        raise NotImplementedError(f"{self.kind}: rows are multiplied on PostgreSQL only.")

    def counters(self) -> Counters:
        """Return what has been counted by connections that are closed now."""
        return Counters()

    def wal(self) -> int | None:
        """Return the bytes logged so far, by anybody on this server."""
        return None

    def cpu(self) -> float | None:
        """Return the CPU seconds of the server processes that serve this database."""
        return None

"""What every vendor's SQL can do: the same verbs, each one commit at most."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from bridge.ledger.batch import Batch
from bridge.ledger.ending import Ending
from bridge.ledger.models import TaskRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who wants up to `limit` rows of these queues.

    `worker` holds the lease, `worker_id` is what the result shows.
    """

    transport: str
    queues: Sequence[str]
    worker: str
    worker_id: str
    limit: int


@dataclass(frozen=True, slots=True)
class Left:
    """Which claims were still valid and have ended, and when by the database's clock."""

    ids: frozenset[UUID]
    at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """Which queues have rows to claim, and in how many seconds the next deferred row is due."""

    queues: tuple[str, ...]
    next_due: float | None


class Line(Protocol):
    """A connection of the worker's own, as one vendor wants it. Not for several threads."""

    # Does wait() return True for new tasks only, or for anything that was written?
    means_tasks: bool

    def __init__(self, *, pooled: bool) -> None:
        """Say with `pooled` that a proxy hands each transaction to another server connection."""

    def tuned(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the settings of the connection, made from those of Django's."""

    def prepare(self, connection: BaseDatabaseWrapper) -> None:
        """Set up a connection that has just been opened."""

    def transaction(self, connection: BaseDatabaseWrapper) -> AbstractContextManager[CursorWrapper]:
        """Open a cursor whose verbs are committed together at the end, or not at all."""

    def wait(self, connection: BaseDatabaseWrapper, bell: int, seconds: float, idle: float) -> bool:
        """Return True once there may be work, False once `bell` can be read or after `seconds`.

        `idle` is for how many seconds there has been none.
        """


class Vendor(Protocol):
    """One vendor. Every verb takes an open cursor, of the caller's or the worker's."""

    Line: type[Line]

    def claim(self, cursor: CursorWrapper, claim: Claim) -> list[TaskRow]:
        """Move rows that can run READY -> RUNNING and return them, the first to run in front."""

    def leave(self, cursor: CursorWrapper, endings: Sequence[Ending]) -> Left:
        """Move rows out of RUNNING whose claims are still valid."""

    def exchange(
        self, cursor: CursorWrapper, endings: Sequence[Ending], claim: Claim
    ) -> tuple[Left, list[TaskRow]]:
        """Leave and claim in one commit."""

    def look(self, cursor: CursorWrapper, transport: str) -> Look:
        """Say what there is to claim, without a lock."""

    def wake(self, cursor: CursorWrapper, transport: str, limit: int) -> int:
        """Make up to `limit` deferred rows claimable that are due; return how many."""

    def insert(self, cursor: CursorWrapper, batch: Batch, *, notify: bool = False) -> None:
        """Write new rows; `notify` wakes idle workers where the vendor can."""

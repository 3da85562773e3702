"""What every vendor's SQL can do: the same verbs, each one commit at most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from bridge.ledger.ending import Ending
from bridge.ledger.models import TaskRow
from bridge.ledger.new_rows import NewRows


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


class Report(NamedTuple):
    """What the body of a claimed row says of its progress, as JSON."""

    id: UUID
    worker: str
    token: int
    progress: str


@dataclass(frozen=True, slots=True)
class Left:
    """Which claims were still valid and have ended, and when by the database's clock."""

    ids: frozenset[UUID]
    at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """Which queues have rows to claim, and in how many seconds the next deferred row is due.

    `limited` says that there are rows that wait in lanes; they are in none of the queues.
    """

    queues: tuple[str, ...]
    next_due: float | None
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The first row of a lane, and whether its queue is paused."""

    lane: str
    queue: str
    priority: int
    id: UUID
    paused: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """The heads of some lanes, and where to go on: None once there are no more."""

    heads: list[Head]
    after: str | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A locked limit: what it knows, and when that was read, in microseconds since 1970."""

    state: list[Any]
    read_at: int


class Line(Protocol):
    """A connection of the worker's own, as one vendor wants it. Not for several threads."""

    # Does wait() return True for new tasks only, or for anything that was written?
    means_tasks: bool
    # Does a verb have to skip locked rows, since this connection would wait long for them?
    skips_locked: bool

    def __init__(self, *, pooled: bool) -> None:
        """Say with `pooled` that a proxy hands each transaction to another server connection."""

    def tuned(self, settings: dict[str, Any], patience: float | None) -> dict[str, Any]:
        """Return the settings of the connection, made from those of Django's.

        `patience` is for how many seconds it waits for other writers where only one can write;
        None leaves that to the project.
        """

    def prepare(self, connection: BaseDatabaseWrapper) -> None:
        """Set up a connection that has just been opened."""

    def transaction(self, connection: BaseDatabaseWrapper) -> AbstractContextManager[CursorWrapper]:
        """Open a cursor whose verbs are committed together at the end, or not at all.

        Where every verb is one statement this may be no more than a cursor.
        """

    def atomic(self, connection: BaseDatabaseWrapper) -> AbstractContextManager[CursorWrapper]:
        """Open a cursor whose statements are committed together at the end, or not at all."""

    def wait(self, connection: BaseDatabaseWrapper, bell: int, seconds: float, idle: float) -> bool:
        """Return True once there may be work, False once `bell` can be read or after `seconds`.

        `idle` is for how many seconds there has been none.
        """


class Vendor(Protocol):
    """One vendor. Every verb takes an open cursor, of the caller's or the worker's."""

    Line: type[Line]

    def claim(self, cursor: CursorWrapper, claim: Claim) -> list[TaskRow]:
        """Move rows that can run READY -> RUNNING and return them, the first to run in front."""

    def take(self, cursor: CursorWrapper, claim: Claim, ids: Sequence[UUID]) -> list[TaskRow]:
        """Move these rows out of their lanes, READY -> RUNNING, but those that others hold."""

    def leave(
        self, cursor: CursorWrapper, endings: Sequence[Ending], *, skip_locked: bool = False
    ) -> Left:
        """Move rows out of RUNNING whose claims are still valid.

        With `skip_locked` leave out those that somebody else has locked: wait for nobody.
        """

    def exchange(
        self,
        cursor: CursorWrapper,
        endings: Sequence[Ending],
        claim: Claim,
        *,
        skip_locked: bool = False,
    ) -> tuple[Left, list[TaskRow]]:
        """Leave and claim in one commit."""

    def look(self, cursor: CursorWrapper, transport: str) -> Look:
        """Say what there is to claim, without a lock."""

    def wake(self, cursor: CursorWrapper, transport: str, limit: int) -> int:
        """Make up to `limit` deferred rows claimable that are due; return how many."""

    def survey(self, cursor: CursorWrapper, transport: str, after: str) -> Survey:
        """Read the heads of the lanes that come after one, so many that it takes little time."""

    def waiting(
        self, cursor: CursorWrapper, transport: str, lanes: Sequence[str], most: int
    ) -> list[TaskRow]:
        """Read the first rows of lanes, without a lock, `most` of each and WAITING_FIELDS only.

        Leave out those of paused queues.
        """

    def hold(self, cursor: CursorWrapper, keys: Sequence[str]) -> dict[str, Limit]:
        """Lock the limits of these keys, but those that others hold."""

    def insert(self, cursor: CursorWrapper, new: NewRows, *, notify: bool = False) -> None:
        """Write new rows; `notify` wakes idle workers where the vendor can."""

    def insert_unless_there(
        self, cursor: CursorWrapper, statement: str, parameters: Sequence[Any], unique_key: str
    ) -> TaskRow | None:
        """Carry out an INSERT of one row, or do nothing when its unique_key is taken.

        Return the row that has it where the transaction would not see that by itself.
        """

    def check_size(self, cursor: CursorWrapper, texts: Iterable[str]) -> None:
        """Raise DataError for texts that no statement takes, where the server would hang up."""

    def count_down(self, cursor: CursorWrapper, key: Any, counts: Sequence[Any]) -> str | None:
        """Count tasks of a batch as finished; return its on_complete when they were the last.

        `counts` are the parameters of COUNT_DOWN.
        """

    def ring(self, cursor: CursorWrapper, queue: str) -> None:
        """Wake the idle workers of a queue, where the vendor can."""

    def patience(self, cursor: CursorWrapper, seconds: float) -> AbstractContextManager[None]:
        """Let no statement in the block, which is a transaction, wait longer for a row."""

    def report(self, cursor: CursorWrapper, reports: Sequence[Report]) -> set[UUID]:
        """Write the progress of rows whose claims are valid and that nobody has locked.

        Return which rows these are.
        """

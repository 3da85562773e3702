"""A transactional task of a worker: its success is stored in the transaction of its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from bridge.ledger import ending
from bridge.outcome import Succeeded
from bridge.transactional import attempt_in_transaction

if TYPE_CHECKING:
    from bridge.backends.ledger import LedgerBackend
    from bridge.context import Channel
    from bridge.ledger.ending import Ending
    from bridge.ledger.models import TaskRow
    from bridge.ledger.vendors.verbs import Left
    from bridge.outcome import Outcome
    from bridge.result import AnyResult


Stored: TypeAlias = "tuple[Ending, Left]"
"""How a claim has ended, and when."""


def take_note(row: TaskRow, stored: Stored) -> Ending:
    """Make a row in memory what its own transaction made of it in the ledger."""
    how, left = stored
    ending.apply(row, how, left.at)
    return how


class Transaction:
    """One attempt of a transactional task.

    `stored` is how its claim has ended, with the time, once body and success are committed. Any
    other outcome is left to be stored as that of every task; the body has been rolled back then.
    """

    def __init__(self, backend: LedgerBackend, row: TaskRow) -> None:
        self._backend = backend
        self._row = row
        self.stored: Stored | None = None

    def attempt(self, result: AnyResult, *, losses: int, channel: Channel) -> Outcome:
        """Call the function once, and store its success, in a transaction."""
        outcome = attempt_in_transaction(
            result, self._store, using=self._backend.database, losses=losses, channel=channel
        )
        if not isinstance(outcome, Succeeded):
            self.stored = None  # stored, and rolled back
        return outcome

    def _store(self, outcome: Succeeded) -> bool:
        how = ending.succeed(self._row, outcome.value)
        left = self._backend.store.leave([how])
        if self._row.id not in left.ids:
            return False  # another worker has taken the task over, and does the same work
        self.stored = how, left
        return True

"""A task in the hands of a child process, from its claim until its outcome is stored."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.ledger.ending import Ending, ending_of
from bridge.ledger.models import TaskRow
from bridge.outcome import Failed, Outcome, describe


@dataclass(slots=True, eq=False)
class Held:
    """A claimed row and its slot among the marks; `outcome` and `seconds` once it has run."""

    row: TaskRow
    slot: int
    began: float = 0.0
    seconds: float = 0.0
    outcome: Outcome | None = None

    def ending(self) -> Ending:
        """Return how its claim ends; an outcome that no row can hold fails the task."""
        assert self.outcome is not None
        try:
            return ending_of(self.row, self.outcome)
        except (OverflowError, ValueError, TypeError) as error:
            return self.fail(error)

    def fail(self, error: Exception) -> Ending:
        """Replace its outcome by a failure, and return how its claim ends."""
        self.outcome = Failed(exception=error, error=describe(error))
        return ending_of(self.row, self.outcome)

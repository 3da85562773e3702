"""A task in the hands of a child process, from its claim until its outcome is stored."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import timedelta

from bridge.ledger.ending import Ending, ending_of
from bridge.ledger.models import TaskRow
from bridge.outcome import Failed, Outcome, describe
from bridge.worker.transactional import Stored


@dataclass(slots=True, eq=False)
class Held:
    """A claimed row and its slot among the marks; `outcome` and `seconds` once it has run."""

    row: TaskRow
    slot: int
    accepted: float = field(default_factory=time.monotonic)
    # Under a rate: after this it must not start, by time.monotonic().
    start_by: float = math.inf
    began: float = 0.0
    seconds: float = 0.0
    outcome: Outcome | None = None
    # How its claim has ended, when its own commit has done that already.
    stored: Stored | None = None

    @property
    def is_late(self) -> bool:
        """Say whether it must not start any more under its rate."""
        return time.monotonic() > self.start_by

    def begin(self) -> None:
        """Note that a thread starts it now: by the database's clock, some time after its claim."""
        self.began = time.monotonic()
        row = self.row
        claimed_at = row.last_attempted_at
        assert claimed_at is not None
        row.last_attempted_at = claimed_at + timedelta(seconds=self.began - self.accepted)
        if row.started_at == claimed_at:
            row.started_at = row.last_attempted_at

    def end(self, outcome: Outcome) -> None:
        """Note how it ended, now."""
        self.outcome = outcome
        self.seconds = time.monotonic() - self.began

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

"""What requeueing a task has come to."""

from __future__ import annotations

from enum import Enum


class Requeueing(Enum):
    """The answer of requeue(); only DONE is true."""

    # It waits again, with all its attempts before it.
    DONE = "done"
    # It is not finished, or not in a state that was asked for.
    SKIPPED = "skipped"
    # Another task that is not finished has its unique key.
    DUPLICATE = "duplicate"
    # A message of old code carried it, which may have held more than the ledger does.
    INCOMPLETE = "incomplete"

    def __bool__(self) -> bool:
        return self is Requeueing.DONE

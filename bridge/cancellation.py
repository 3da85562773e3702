"""What cancelling a task has come to."""

from __future__ import annotations

from enum import Enum


class Cancellation(Enum):
    """The answer of cancel(); only TOO_LATE is false."""

    # It waited, has failed with TaskCancelled, and never starts.
    DONE = "done"
    # A worker has it: context.cancelled is True there, and it never starts again.
    REQUESTED = "requested"
    # It had finished, or was not in a state that was asked for; nothing has changed.
    TOO_LATE = "too late"

    def __bool__(self) -> bool:
        return self is not Cancellation.TOO_LATE

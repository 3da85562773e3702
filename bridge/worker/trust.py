"""Whether a worker that has missed its lease may be taken for dead."""

from __future__ import annotations

import time


class Trust:
    """What one worker makes of its own renewals.

    After an outage that outlasted a lease everybody has missed it, and needs time to say so.
    """

    def __init__(self) -> None:
        self._renewed_at = 0.0
        self._from = 0.0

    def renewed(self, lease: float) -> None:
        """Take note that the lease, of so many seconds, has just been renewed."""
        now = time.monotonic()
        if self._renewed_at and now - self._renewed_at > lease:
            self._from = now + lease
        self._renewed_at = now

    def __bool__(self) -> bool:
        """Say whether others that missed theirs may be taken for dead."""
        return time.monotonic() >= self._from

"""Ctrl+C between the steps of a command, so that what it says it did is what it did."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit code that shells give what Ctrl+C has ended."""


class Torn(KeyboardInterrupt):
    """A second Ctrl+C: whether the step it came in was committed is unknown."""


@contextmanager
def held_back() -> Iterator[None]:
    """Let Ctrl+C wait until the block is done; a second one does not wait. Raises Torn."""
    before = signal.getsignal(signal.SIGINT)
    # Other threads get no signals, and who ignores this one, or dies of it, goes on doing so.
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    asked = False

    def keep(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise Torn
        asked = True

    signal.signal(signal.SIGINT, keep)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        before(signal.SIGINT, None)


def ending(error: KeyboardInterrupt) -> str:
    """Return what is said of an interruption besides what was done."""
    return " (not counting the step it was in)" if isinstance(error, Torn) else ""

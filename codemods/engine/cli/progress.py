"""How far a long plan is, on a terminal."""

from __future__ import annotations

import sys
import time

from codemods.engine.plan import Progress, silent

_INTERVAL = 0.1


class Line:
    """One line of stderr that is written over and over, and is gone in the end."""

    def __init__(self) -> None:
        self._next = 0.0
        self._over = False

    def __call__(self, what: str, finished: int, total: int) -> None:
        """Show how much of something is finished, ten times a second at most."""
        now = time.monotonic()
        if now < self._next or self._over:
            return
        self._next = now + _INTERVAL
        self._write(f"{what} {finished}/{total}" if total else what)

    def clear(self) -> None:
        """Remove the line."""
        self._write("")

    def stop(self) -> None:
        """Show nothing from now on, whoever is still at work."""
        self._over = True

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def progress_of(*, quiet: bool) -> Progress:
    """Return what shows progress: nothing but on a terminal."""
    return silent if quiet or not sys.stderr.isatty() else Line()


def clear(progress: Progress) -> None:
    """Make room for other output."""
    if isinstance(progress, Line):
        progress.clear()


def stop(progress: Progress) -> None:
    """Keep a thread that nobody waits for any more from writing to the terminal."""
    if isinstance(progress, Line):
        progress.stop()

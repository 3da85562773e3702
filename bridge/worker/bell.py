"""How threads wake one that waits for file descriptors."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress

RING = 0


class Bell:
    """A pipe that can be read from once somebody has rung."""

    def __init__(self) -> None:
        self.fd, self._rope = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._rope, False)

    def ring(self, number: int = RING) -> None:
        """Wake who waits, as if a signal of this number had arrived."""
        with suppress(BlockingIOError):  # it has been ringing for 64 KiB
            os.write(self._rope, bytes([number]))

    def catch_signals(self) -> None:
        """Let the interpreter ring with the number of every signal that arrives."""
        signal.set_wakeup_fd(self._rope, warn_on_full_buffer=False)

    def wait(self, seconds: float) -> None:
        """Return when it rings, or after so many seconds."""
        select.select([self.fd], [], [], seconds)

    def hush(self) -> bytes:
        """Return the rings so far and forget them: RING, or the number of a signal."""
        try:
            return os.read(self.fd, 65536)
        except BlockingIOError:
            return b""

"""What a child process has started and not yet stored, in memory the supervisor can read.

The marks survive the child: a SIGKILL leaves them in place, without a commit per task.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from uuid import UUID

from bridge.worker.pace import MOST

_SLOT = struct.Struct("=?16sId")
_DEADLINE = struct.Struct("=d")
NO_DEADLINE = 0.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A started task: its row, its claim's token, and when its process is to be killed.

    The deadline is in seconds of time.monotonic(), which all processes of a machine share.
    """

    id: UUID
    token: int
    deadline: float


class Marks:
    """One slot per task that a child process may hold. Create it before the fork."""

    def __init__(self, at_once: int) -> None:
        # A batch may be waiting, and another may have ended and not be stored yet.
        self.slots = at_once + 2 * MOST
        self._memory = mmap.mmap(-1, _SLOT.size * self.slots)

    def set(self, slot: int, mark: Mark) -> None:
        """Record that the task of this slot starts."""
        _SLOT.pack_into(
            self._memory, slot * _SLOT.size, True, mark.id.bytes, mark.token, mark.deadline
        )

    def end(self, slot: int) -> None:
        """Record that the task of this slot has ended: its process need not be killed for it."""
        _DEADLINE.pack_into(self._memory, (slot + 1) * _SLOT.size - _DEADLINE.size, NO_DEADLINE)

    def clear(self, slot: int) -> None:
        """Empty this slot; call it once the outcome is stored."""
        self._memory[slot * _SLOT.size] = 0

    def read(self) -> list[Mark]:
        """Return the tasks that were started and not stored."""
        marks = []
        for slot in range(self.slots):
            busy, raw_id, token, deadline = _SLOT.unpack_from(self._memory, slot * _SLOT.size)
            if busy:
                marks.append(Mark(UUID(bytes=raw_id), token, deadline))
        return marks

    def close(self) -> None:
        """Free the memory."""
        self._memory.close()

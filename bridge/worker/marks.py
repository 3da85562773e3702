"""What each thread of a child process is running, in memory the supervisor can read.

The mark survives the child: a SIGKILL leaves it in place, without a commit per task.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from uuid import UUID

_SLOT = struct.Struct("=?16sId")
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
    """One slot per thread of one child process. Create it before the fork."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._memory = mmap.mmap(-1, _SLOT.size * slots)

    def set(self, slot: int, mark: Mark) -> None:
        """Record that the thread of this slot starts a task."""
        _SLOT.pack_into(
            self._memory, slot * _SLOT.size, True, mark.id.bytes, mark.token, mark.deadline
        )

    def clear(self, slot: int) -> None:
        """Record that the thread of this slot is idle; call it once the outcome is stored."""
        self._memory[slot * _SLOT.size] = 0

    def read(self) -> list[Mark]:
        """Return the tasks that are running, or were when the child died."""
        marks = []
        for slot in range(self._slots):
            busy, raw_id, token, deadline = _SLOT.unpack_from(self._memory, slot * _SLOT.size)
            if busy:
                marks.append(Mark(UUID(bytes=raw_id), token, deadline))
        return marks

    def close(self) -> None:
        """Free the memory."""
        self._memory.close()

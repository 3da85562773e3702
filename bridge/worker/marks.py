"""What a child process has started and not yet stored, in memory the supervisor can read.

The marks survive the child: a SIGKILL leaves them in place, without a commit per task.
"""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass
from uuid import UUID

from bridge.worker.pace import MOST

_EMPTY, _STARTED, _ENDED = range(3)
_HEAD = struct.Struct("=B16sIdH")
_DEADLINE_AND_LENGTH = struct.Struct("=dH")
_SLOT = 4096
NO_DEADLINE = 0.0

LONGEST_WORDS = _SLOT - _HEAD.size
"""How many bytes of an outcome fit in a slot."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A started task: its row, its claim's token, and when its process is to be killed.

    The deadline is in seconds of time.monotonic(), which all processes of a machine share. `words`
    is the outcome, as last_words packs it, once the task has ended and its outcome is not stored.
    """

    id: UUID
    token: int
    deadline: float
    words: bytes | None = None

    @property
    def claim(self) -> tuple[UUID, int]:
        """Return the claim under which the task runs: the row, and its token."""
        return self.id, self.token


class Marks:
    """One slot per task that a child process may hold. Create it before the fork."""

    def __init__(self, at_once: int) -> None:
        # A batch may be waiting, and another may have ended and not be stored yet.
        self.slots = at_once + 2 * MOST
        self._memory = mmap.mmap(-1, _SLOT * self.slots)

    def set(self, slot: int, mark: Mark) -> None:
        """Record that the task of this slot starts."""
        at = slot * _SLOT
        _HEAD.pack_into(self._memory, at, _EMPTY, mark.id.bytes, mark.token, mark.deadline, 0)
        self._memory[at] = _STARTED

    def end(self, slot: int, words: bytes) -> None:
        """Record how the task of this slot ended; words that are too long are not kept."""
        at = slot * _SLOT
        self._put_deadline_and_length(at, min(len(words), LONGEST_WORDS))
        if len(words) <= LONGEST_WORDS:
            self._memory[at + _HEAD.size : at + _HEAD.size + len(words)] = words
            self._memory[at] = _ENDED  # last: a kill in between leaves a started task

    def clear(self, slot: int) -> None:
        """Empty this slot; call it once the outcome is stored."""
        self._memory[slot * _SLOT] = _EMPTY

    def read(self) -> list[Mark]:
        """Return the tasks that were started and not stored."""
        marks = []
        for at in range(0, _SLOT * self.slots, _SLOT):
            state, raw_id, token, deadline, length = _HEAD.unpack_from(self._memory, at)
            if state != _EMPTY:
                start = at + _HEAD.size
                words = self._memory[start : start + length] if state == _ENDED else None
                marks.append(Mark(UUID(bytes=raw_id), token, deadline, words))
        return marks

    def late(self) -> frozenset[tuple[UUID, int]]:
        """Return the claims of the tasks that run past their deadline now."""
        now = time.monotonic()
        return frozenset(m.claim for m in self.read() if NO_DEADLINE < m.deadline < now)

    def close(self) -> None:
        """Free the memory."""
        self._memory.close()

    def _put_deadline_and_length(self, at: int, length: int) -> None:
        offset = at + _HEAD.size - _DEADLINE_AND_LENGTH.size
        _DEADLINE_AND_LENGTH.pack_into(self._memory, offset, NO_DEADLINE, length)

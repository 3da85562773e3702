"""How far a running task is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

NOTE_LENGTH = 500
"""The ledger keeps no more characters of a note."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total`, in a unit of the task's own; `total` is None while it is unknown."""

    done: float
    total: float | None = None
    note: str = ""

    @property
    def fraction(self) -> float | None:
        """Return the part that is done, from 0 to 1; None while the total is unknown or 0."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total else None

    def to_json(self) -> list[float | str | None]:
        """Return what the ledger keeps: whatever the numbers and the note are, it is JSON."""
        return [_number(self.done) or 0, _number(self.total), _text(self.note)]


def _number(value: Any) -> float | None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53:
        return value
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(note: Any) -> str:
    text = str(note).replace("\x00", "")[:NOTE_LENGTH]
    return text.encode(errors="replace").decode()

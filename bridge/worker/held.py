"""A task in the hands of a child process, from its claim until its outcome is stored."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.ledger.models import TaskRow
from bridge.outcome import Outcome


@dataclass(slots=True, eq=False)
class Held:
    """A claimed row and its slot among the marks; `outcome` and `seconds` once it has run."""

    row: TaskRow
    slot: int
    began: float = 0.0
    seconds: float = 0.0
    outcome: Outcome | None = None

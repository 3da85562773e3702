"""A reason not to trust what was made of a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Doubt:
    """What is wrong with a changed file."""

    label: str
    line: int
    reason: str

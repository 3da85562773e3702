"""What a codemod found at one place, and what happens there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a site needs."""

    REWRITE = "rewrite"
    CHANGE = "change"
    """A rewrite after which the code means something slightly different."""
    PERSON = "person"


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """One place in the code, with a stable code and the reason in words."""

    path: str
    line: int
    code: str
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A file that could not be read or rewritten."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something that was looked at and stays as it is."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A stable code with its title and the explanation `--explain` prints."""

    code: str
    title: str
    explanation: str

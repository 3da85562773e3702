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
    column: int = 0
    """Counted from 1; 0 when the place is the whole line."""
    id: str = ""
    """The same as long as the file, the code and the text of the line are."""
    tasks: tuple[str, ...] = ()
    app: str = ""
    """The project's package or directory the file belongs to."""
    queue: str = ""
    """The queue of the tasks, when all have one and it is known."""
    is_test: bool = False
    blocks: bool = False
    """Do the tasks stay because of this place?"""
    declined: bool = False
    """Does it stay because a person said so?"""

    @property
    def where(self) -> str:
        """Return the place as people and editors write it."""
        return f"{self.path}:{self.line}"


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
    before: str = ""
    after: str = ""
    """An example: some code, and what the rule makes of it."""

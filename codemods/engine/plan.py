"""What a codemod would do: sites, file changes, problems. Check, diff and write only read it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from codemods.engine.site import Kind, Note, Problem, Rule, Site


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file before and after; before is None for a file to create."""

    path: Path
    label: str
    before: bytes | None
    after: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The outcome of reading a project."""

    sites: tuple[Site, ...] = ()
    changes: tuple[FileChange, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    summary: tuple[str, ...] = ()
    looked_at: int = 0
    found: bool = True
    """Does the project use the library at all?"""

    def of_kind(self, kind: Kind) -> tuple[Site, ...]:
        """Return the sites of one kind."""
        return tuple(site for site in self.sites if site.kind is kind)

    def counts(self) -> Counter[str]:
        """Return how many sites carry each code."""
        return Counter(site.code for site in self.sites)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for."""

    paths: tuple[Path, ...]
    exclude: tuple[str, ...] = ()
    todo: bool = True
    broker: str | None = None
    celery_app: str | None = None


class Migration(Protocol):
    """A codemod: a name, its rules, and a way to plan."""

    tool: str
    library: str
    rules: tuple[Rule, ...]

    def plan(self, request: Request) -> Plan:
        """Read the project and say what to do. Raises MissingPath."""
        ...

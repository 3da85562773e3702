"""What a codemod would do. Every mode reads one: check, diff, write, report, plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from codemods.engine.option import Option
from codemods.engine.site import Kind, Note, Problem, Rule, Site

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told what is done now, how much of it is finished, and of how much."""


def silent(what: str, finished: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file before and after; before is None for a file to create."""

    path: Path
    label: str
    before: bytes | None
    after: bytes
    modules: tuple[str, ...] = ()
    """The names a Python file is imported by."""


@dataclass(frozen=True, slots=True, order=True)
class SeenFile:
    """A file that was read, and the SHA-256 of its bytes."""

    label: str
    sha256: str


@dataclass(frozen=True, slots=True, order=True)
class Fate:
    """What becomes of one task, and the site that keeps it if it stays."""

    key: str
    path: str
    line: int
    app: str
    queue: str
    converted: bool
    cause: str = ""
    """The id of the site because of which it stays, where that is, and what is said there."""
    cause_place: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which sites a person wants: what is declined stays, and its tasks with it."""

    select: tuple[str, ...] = ()
    """Beginnings of codes; none means every code."""
    ignore: tuple[str, ...] = ()
    skipped: frozenset[str] = frozenset()
    """Ids of single sites."""

    def declines(self, code: str, site_id: str) -> bool:
        """Is the site not wanted?"""
        if site_id in self.skipped or code.startswith(self.ignore):
            return True
        return bool(self.select) and not code.startswith(self.select)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The outcome of reading a project."""

    sites: tuple[Site, ...] = ()
    kept: tuple[Site, ...] = ()
    """Sites that could be rewritten and are not: their task stays, or they were declined."""
    tasks: tuple[Fate, ...] = ()
    files: tuple[SeenFile, ...] = ()
    """Every file the sites were judged by."""
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
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the options of the codemod itself are set to, by name."""
    choice: Choice = Choice()
    overlay: Mapping[Path, bytes] = field(default_factory=dict)
    """What to read instead of the files that are there."""
    progress: Progress = silent

    def text(self, name: str) -> str | None:
        """Return the value of an option, None when it is not given."""
        return next(iter(self.options.get(name, ())), None)


class Migration(Protocol):
    """A codemod: a name, its rules, and a way to plan."""

    tool: str
    library: str
    section: str
    """The table of `[tool.codemods]` with its own keys."""

    @property
    def options(self) -> tuple[Option, ...]:
        """Return what it asks for beyond what every codemod does."""
        ...

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return every rule, by code."""
        ...

    def plan(self, request: Request) -> Plan:
        """Read the project and say what to do. Raises MissingPath."""
        ...

    def explain_site(self, request: Request, path: Path, line: int) -> Iterator[str]:
        """Yield how the names of a line are understood and what is decided there, and why."""
        ...

"""Outcomes as sites: where they are, what they are called, and which are wanted."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterable

import libcst as cst

from codemods.engine.areas import Areas
from codemods.engine.outcome import Outcome
from codemods.engine.position import positions
from codemods.engine.project import Project
from codemods.engine.site import Site
from codemods.engine.source import Source
from codemods.engine.tree import Frame


class Places:
    """Where outcomes are, and their ids."""

    def __init__(self, project: Project, frames: Iterable[tuple[Source, Frame]] = ()) -> None:
        self.areas = Areas(source.label for source in project.sources)
        self._positions: dict[Source, dict[int, tuple[int, int]]] = {}
        self._lines: dict[Source, list[bytes]] = {}
        self._ids: dict[tuple[int, str, str], str] = {}
        self._used: Counter[str] = Counter()
        # One walk of a tree finds the places of all its nodes.
        self._find(frames)

    def locate(self, outcomes: Iterable[Outcome]) -> None:
        """Give each outcome its place and its id."""
        found = [each for outcome in outcomes for each in (outcome, *outcome.otherwise)]
        self._find((outcome.source, outcome.frame) for outcome in found)
        for outcome in found:
            outcome.line, outcome.column = self.position(outcome.source, outcome.frame.node)
        for outcome in sorted(found, key=lambda o: (o.source.label, o.line, o.column)):
            key = (id(outcome.frame.node), outcome.code, outcome.reason)
            if key not in self._ids:
                self._ids[key] = self._id(outcome)
            outcome.id = self._ids[key]

    def position(self, source: Source, node: cst.CSTNode) -> tuple[int, int]:
        """Return the line and column of a node that was looked for."""
        return self._positions[source].get(id(node), (1, 0))

    def place(self, source: Source, frame: Frame) -> tuple[int, int]:
        """Return the line and column of a frame."""
        self._find([(source, frame)])
        return self.position(source, frame.node)

    def site(self, outcome: Outcome) -> Site:
        """Return the outcome as a site."""
        return Site(
            outcome.source.label,
            outcome.line,
            outcome.code,
            outcome.kind,
            outcome.reason,
            column=outcome.column,
            id=outcome.id,
            tasks=self.tasks_of(outcome),
            app=self.areas.of(outcome.source.label),
            queue=self.queue_of(outcome),
            is_test=outcome.source.is_test,
            blocks=outcome.blocks and not outcome.declined,
            declined=outcome.declined,
        )

    def tasks_of(self, outcome: Outcome) -> tuple[str, ...]:
        """Return the tasks a report names with the place."""
        return tuple(sorted(outcome.tasks))

    def queue_of(self, outcome: Outcome) -> str:
        """Return the queue of its tasks, when all have one and it is known."""
        return ""

    def complete(self, site: Site) -> Site:
        """Return a site that belongs to no outcome with its id and app."""
        key = f"{site.code}-{_digest(site.path)}"
        return dataclasses.replace(site, id=key, app=self.areas.of(site.path))

    def _find(self, wanted: Iterable[tuple[Source, Frame]]) -> None:
        frames: dict[Source, list[Frame]] = {}
        for source, frame in wanted:
            if id(frame.node) not in self._positions.setdefault(source, {}):
                frames.setdefault(source, []).append(frame)
        for source, missing in frames.items():
            self._positions[source].update(positions(source.tree, source.data, missing))

    def _line(self, source: Source, line: int) -> bytes:
        if source not in self._lines:
            self._lines[source] = source.data.splitlines()
        lines = self._lines[source]
        return lines[line - 1].strip() if 0 < line <= len(lines) else b""

    def _id(self, outcome: Outcome) -> str:
        """Return an id that outlives edits of other lines, and the conversion of other tasks."""
        words = (
            outcome.source.label,
            *_names_around(outcome.frame),
            *sorted(outcome.tasks),
            self._line(outcome.source, outcome.line).decode(errors="replace"),
        )
        base = f"{outcome.code}-{_digest(*words)}"
        self._used[base] += 1
        count = self._used[base]
        return base if count == 1 else f"{base}-{count}"


def _names_around(frame: Frame) -> list[str]:
    """Return the names of the functions and classes a place is in or is."""
    nodes = (one.node for one in (frame, *frame.ancestors()))
    return [node.name.value for node in nodes if isinstance(node, (cst.FunctionDef, cst.ClassDef))]


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode(errors="replace")).hexdigest()[:10]

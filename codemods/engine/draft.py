"""The edits one file is to get, and the file they make."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.imports import Need, fix_imports
from codemods.engine.printed import printed
from codemods.engine.source import Source, Unparsable, verify
from codemods.engine.survey import survey
from codemods.engine.todo import add_todo, statement_of
from codemods.engine.tree import Change, Frame, rebuild, spine


class Refused(Exception):
    """The edits of a file would not give valid Python."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one node."""

    frame: Frame
    change: Change


def _noting(applied: set[int], key: int) -> Change:
    """Return a change that changes nothing and notes that its node was reached."""

    def change(node: cst.CSTNode) -> cst.CSTNode:
        applied.add(key)
        return node

    return change


@dataclass(slots=True)
class Draft:
    """Everything that is to happen to a file."""

    source: Source
    edits: list[Edit] = field(default_factory=list)
    needs: set[Need] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    """Local names that lost uses; an import of one that has none left is removed."""
    todos: list[tuple[Frame, str, str]] = field(default_factory=list)
    """Where to leave a note, for which code, in which words."""

    def render(self, tool: str, local_packages: frozenset[str]) -> bytes:
        """Return the new bytes of the file. Raises Refused."""
        if not (self.edits or self.needs or self.todos):
            return self.source.data
        module = self._edited(tool)
        if self.needs or self.stale:
            seen = survey(module, self.source.package)
            module = fix_imports(module, seen, self.needs, self.stale, local_packages)
        try:
            data = printed(module, module).encode(module.encoding)
            verify(data, self.source.path)
        except (Unparsable, UnicodeError) as error:
            raise Refused(str(error)) from error
        return data

    def _edited(self, tool: str) -> cst.Module:
        changes: dict[int, list[Change]] = defaultdict(list)
        frames: list[Frame] = []
        for frame, code, reason in self.todos:
            statement = statement_of(frame)
            frames.append(statement)
            changes[id(statement.node)].append(add_todo(tool, code, reason))
        for edit in self.edits:
            frames.append(edit.frame)
            changes[id(edit.frame.node)].append(edit.change)
        applied: set[int] = set()
        for key, steps in changes.items():
            steps.insert(0, _noting(applied, key))
        new = rebuild(self.source.tree, changes, spine(frames))
        if applied != changes.keys():
            raise Refused("some of its edits have no place in the tree")
        if not isinstance(new, cst.Module):
            raise Refused("the whole module would be removed")
        return new

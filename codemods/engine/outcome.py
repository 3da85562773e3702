"""What a rule says about one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.imports import Need
from codemods.engine.scope import Chain
from codemods.engine.site import Kind
from codemods.engine.source import Source
from codemods.engine.tree import Change, Frame


@dataclass(slots=True, eq=False)
class Outcome:
    """A finding, and the edits that go with it if its tasks are converted."""

    source: Source
    frame: Frame
    code: str
    kind: Kind
    reason: str
    tasks: frozenset[str] = frozenset()
    """The tasks that must all be converted for the edits to be right."""
    edits: list[Edit] = field(default_factory=list)
    needs: set[Need] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    blocks: bool = False
    """Must the tasks stay on Celery because of this place?"""
    counted: bool = True
    """Does the place appear in reports? Parts of a larger rewrite do not."""

    any_of: frozenset[str] = frozenset()
    """Tasks of which at least one must be converted, or there is nothing to do here."""
    mixed: str = ""
    """What to tell a person when some of the tasks are converted and some stay."""
    on_celery: str = ""
    """The method that is still called on the Celery task behind a converted one."""
    otherwise: list[Outcome] = field(default_factory=list)
    """What to do instead when some of the tasks stay."""
    declined: bool = False
    """Did a person say that nothing is to happen here?"""
    line: int = 1
    column: int = 0
    id: str = ""

    def for_person(self, reason: str) -> Outcome:
        """Return the same place without edits, for a person to decide."""
        other = Outcome(self.source, self.frame, self.code, Kind.PERSON, reason, self.tasks)
        other.line, other.column, other.id = self.line, self.column, self.id
        return other

    def edit(self, frame: Frame, change: Change) -> None:
        """Add an edit."""
        self.edits.append(Edit(frame, change))


def rename_part(chain: Chain, position: int, name: str) -> Edit:
    """Return the edit that replaces one attribute of a chain, counted from the root."""
    depth = len(chain.parts) - 1 - position

    def change(node: cst.CSTNode) -> cst.CSTNode:
        return _renamed(node, depth, name)

    return Edit(chain.frame, change)


def _renamed(node: Any, depth: int, name: str) -> cst.CSTNode:
    if depth:
        return node.with_changes(value=_renamed(node.value, depth - 1, name))  # type: ignore[no-any-return]
    first, *more = name.split(".")
    renamed = node.with_changes(attr=cst.Name(first))
    for attribute in more:
        renamed = cst.Attribute(value=renamed, attr=cst.Name(attribute))
    return renamed  # type: ignore[no-any-return]

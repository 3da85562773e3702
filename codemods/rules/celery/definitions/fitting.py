"""Calls that a longer name for `self` makes too long for their line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.layout import code, space_for, spans_lines
from codemods.engine.scope import Chain
from codemods.engine.source import Source
from codemods.engine.tree import Frame


def fitted(source: Source, chains: Iterable[Chain]) -> Iterator[Edit]:
    """Yield the edits that spread the calls around these names, where they had fitted before."""
    seen: set[int] = set()
    for chain in chains:
        frame = _outermost_call(chain.frame)
        if frame is None or id(frame.node) in seen:
            continue
        seen.add(id(frame.node))
        if not spans_lines(frame.node):
            yield _fitting(source, frame)


def _fitting(source: Source, frame: Frame) -> Edit:
    space = space_for(source, frame)
    fits = len(code(frame.node)) <= space.room

    def change(node: cst.BaseExpression) -> cst.CSTNode:
        if not fits or not isinstance(node, cst.Call) or spans_lines(node):
            return node
        return space.fit(node)

    return Edit(frame, change)


def _outermost_call(frame: Frame) -> Frame | None:
    """Return the outermost call of a simple statement that a name stands in."""
    found: Frame | None = None
    for up in frame.ancestors():
        if isinstance(up.node, cst.SimpleStatementLine):
            return found
        if isinstance(up.node, (cst.BaseCompoundStatement, cst.Lambda)):
            return None
        if isinstance(up.node, cst.Call):
            found = up
    return None

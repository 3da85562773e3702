"""Comments that mark the places a person has to look at."""

from __future__ import annotations

import textwrap
from typing import Any

import libcst as cst

from codemods.engine.tree import Change, Frame

_WIDTH = 80


def statement_of(frame: Frame) -> Frame:
    """Return the nearest enclosing statement that can carry a comment above it."""
    for candidate in (frame, *frame.ancestors()):
        node = candidate.node
        if isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            return candidate
    return frame


def mark(tool: str, code: str) -> str:
    """Return the text a comment for this code begins with."""
    return f"# TODO({tool}: {code}):"


def has_todo(statement: Frame, tool: str, code: str) -> bool:
    """Does the statement carry the comment already?"""
    lines = list(getattr(statement.node, "leading_lines", ()))
    lines.extend(getattr(statement.node, "lines_after_decorators", ()))
    up = statement.up
    if up is not None and isinstance(up.node, cst.Module) and up.node.body[:1] == (statement.node,):
        lines.extend(up.node.header)
    beginning = mark(tool, code)
    return any(line.comment and line.comment.value.startswith(beginning) for line in lines)


def add_todo(tool: str, code: str, reason: str) -> Change:
    """Return a change that puts the comment above a statement."""

    def change(node: Any) -> cst.CSTNode:
        text = f"{mark(tool, code)} {reason}"
        lines = textwrap.wrap(text, _WIDTH, subsequent_indent="#   ", break_on_hyphens=False)
        comments = [cst.EmptyLine(comment=cst.Comment(line)) for line in lines]
        return node.with_changes(leading_lines=[*node.leading_lines, *comments])  # type: ignore[no-any-return]

    return change

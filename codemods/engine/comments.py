"""Comments inside a call that is written anew."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.layout import comments_in
from codemods.engine.outcome import Outcome
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame


def move_comments(outcome: Outcome, frame: Frame, comments: list[cst.Comment]) -> None:
    """Put the comments that an edit of the frame collects above its statement."""
    if comments_in(frame.node):
        outcome.edit(statement_of(frame), lambda node: _with_comments(node, comments))


def _with_comments(node: Any, comments: list[cst.Comment]) -> cst.CSTNode:
    lines = [cst.EmptyLine(comment=comment) for comment in comments]
    return node.with_changes(leading_lines=[*node.leading_lines, *lines])  # type: ignore[no-any-return]

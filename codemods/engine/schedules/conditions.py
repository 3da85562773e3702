"""The conditions a statement is under."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.tree import Frame


def conditions(frame: Frame) -> list[str]:
    """Return the tests a statement is under, outermost first."""
    found: list[str] = []
    inner = frame
    for outer in frame.ancestors():
        if isinstance(outer.node, cst.If):
            test = code(outer.node.test)
            found.append(f"not ({test})" if inner.node is outer.node.orelse else test)
        inner = outer
    return found[::-1]

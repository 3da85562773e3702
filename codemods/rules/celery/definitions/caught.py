"""Does the task itself catch the exception that asks for another attempt?"""

from __future__ import annotations

import libcst as cst

from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame

_EVERYTHING = frozenset({"", "Exception", "BaseException"})
_RETRY = "Retry"
_EXHAUSTED = "MaxRetriesExceededError"


def caught(statement: Frame) -> str:
    """Say which except around a `self.retry()` stops it, if one does."""
    below = statement
    for frame in statement.ancestors():
        if frame.node is statement.node:
            continue
        if isinstance(frame.node, (cst.FunctionDef, cst.Lambda)):
            break
        if isinstance(frame.node, (cst.Try, cst.TryStar)) and below.node is frame.node.body:
            problem = _stopped(frame.node)
            if problem is not None:
                return problem
        below = frame
    return ""


def _stopped(node: cst.Try | cst.TryStar) -> str | None:
    """Return why a try stops a retry, None if it does not."""
    for handler in node.handlers:
        names = _names(handler.type)
        if _EXHAUSTED in names:
            return (
                "what is done when MaxRetriesExceededError comes has no counterpart; compare the "
                "number of retries with the limit before asking"
            )
        if _RETRY not in names and not names & _EVERYTHING:
            continue
        if _raises_again(handler):
            return None
        shown = f"except {' or '.join(sorted(names))}".rstrip()
        return f"`{shown}` around self.retry() would catch it before anything is sent"
    return None


def _names(kind: cst.BaseExpression | None) -> set[str]:
    """Return the last names of the exceptions a handler is for."""
    if isinstance(kind, cst.Tuple):
        return {dotted_name(each.value).rpartition(".")[2] or "?" for each in kind.elements}
    return {dotted_name(kind).rpartition(".")[2] or "?"} if kind is not None else {""}


def _raises_again(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """Does a handler end by raising what it has caught?"""
    body = handler.body.body
    last = body[-1] if body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, cst.Raise) and last.exc is None

"""What catches the exception that asks for another attempt, or that says none is left."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, children, descendants

_EVERYTHING = frozenset({"", "Exception", "BaseException"})
_RETRY = frozenset({"Retry", "TaskPredicate", "CeleryError"})
_EXHAUSTED = frozenset({"MaxRetriesExceededError", "TaskError", "CeleryError"})
_LEAVES = (cst.Return, cst.Break, cst.Continue)


@dataclass(slots=True)
class Catching:
    """What becomes of a `retry()` on its way out of the function."""

    problem: str = ""
    """Which except stops it, if one does."""
    knows: bool = False
    """Does an except look at Celery's exception, or at the one that comes at the limit?"""


def catching(statement: Frame, *, cause: bool = False) -> Catching:
    """Return what catches a retry asked for in a statement; cause says whether it has exc=."""
    found = Catching()
    below = statement
    for frame in statement.ancestors():
        if frame.node is statement.node:
            continue
        node = frame.node
        if isinstance(node, (cst.FunctionDef, cst.Lambda)):
            break
        if isinstance(node, (cst.Try, cst.TryStar)):
            if node.finalbody is not None and _leaves(node.finalbody):
                found.problem = "`finally` around self.retry() would end it by return or break"
            elif below.node is node.body:
                _read(node, found, cause=cause)
        elif isinstance(node, cst.With) and any(map(_suppresses, node.items)):
            found.problem = "suppress() around self.retry() would catch it before anything is sent"
        if found.problem:
            break
        below = frame
    return found


def _read(node: cst.Try | cst.TryStar, found: Catching, *, cause: bool) -> None:
    """Add what the handlers of a try do."""
    stopped = False
    for handler in node.handlers:
        names = _names(handler.type)
        passes = _raises_again(handler)
        if not stopped and names & (_RETRY | _EVERYTHING):
            if not passes:
                shown = f"except {' or '.join(sorted(names))}".rstrip()
                stops = "around self.retry() would catch it before anything is sent"
                found.problem = f"`{shown}` {stops}"
                return
            stopped = True
            # It may ask the exception when the next attempt is.
            found.knows |= handler.name is not None
        if not passes and (names & _EXHAUSTED or cause):
            found.knows = True


def _names(kind: cst.BaseExpression | None) -> set[str]:
    """Return the last names of the exceptions a handler is for."""
    if isinstance(kind, cst.Tuple):
        return {dotted_name(each.value).rpartition(".")[2] or "?" for each in kind.elements}
    return {dotted_name(kind).rpartition(".")[2] or "?"} if kind is not None else {""}


def _raises_again(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """Does a handler end by raising what it has caught, and in no other way?"""
    body = handler.body.body
    last = body[-1] if body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    name = handler.name.name if handler.name is not None else None
    caught = name.value if isinstance(name, cst.Name) else ""
    raised = [node for node in descendants(handler.body) if isinstance(node, cst.Raise)]
    same = all(
        each.cause is None and (each.exc is None or dotted_name(each.exc) == caught)
        for each in raised
    )
    return same and isinstance(last, cst.Raise) and not _leaves(handler.body)


def _leaves(node: cst.CSTNode) -> bool:
    """Does a block leave by return, break or continue?"""
    if isinstance(node, _LEAVES):
        return True
    if isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
        return False
    return any(_leaves(child) for child in children(node))


def _suppresses(item: cst.WithItem) -> bool:
    call = item.item
    if not isinstance(call, cst.Call) or dotted_name(call.func).rpartition(".")[2] != "suppress":
        return False
    names = {dotted_name(arg.value).rpartition(".")[2] or "?" for arg in call.args}
    return bool(names & (_RETRY | _EVERYTHING | {"?"}))

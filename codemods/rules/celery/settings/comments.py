"""A comment above each Celery setting: what it is to the bridge, and that it stays in force."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind
from codemods.engine.todo import statement_of
from codemods.engine.tree import Change, Frame
from codemods.rules.celery.settings.became import became, comment
from codemods.rules.celery.settings.values import CelerySettings

_MARK = "# CEL5"


def comment_settings(celery: CelerySettings, target: str) -> list[Outcome]:
    """Return the edits that put the comments in, one for neighbours of which it says the same."""
    found: list[Outcome] = []
    done: set[tuple[int, str]] = set()
    values = [value for value in celery.values if value.home is not None]
    names = {id(statement_of(value.frame).node): value.name for value in values}
    for value in values:
        statement = statement_of(value.frame)
        key = (id(value.scope), value.name)
        if key in done or not isinstance(statement.node, cst.SimpleStatementLine):
            continue
        done.add(key)
        code, words = became(value.name, target)
        text = comment(value.name, target)
        above = _neighbour(statement)
        same = id(above) in names and comment(names[id(above)], target) == text
        if _marked(statement) or (same and not _leading(statement)):
            continue
        outcome = Outcome(value.source, statement, code, Kind.REWRITE, f"{value.spelled}: {words}")
        outcome.counted = False
        outcome.edit(statement, _commenting(text))
        found.append(outcome)
    return found


def _leading(statement: Frame) -> tuple[Any, ...]:
    lines = list(getattr(statement.node, "leading_lines", ()))
    up = statement.up
    if up is not None and isinstance(up.node, cst.Module) and up.node.body[:1] == (statement.node,):
        lines.extend(up.node.header)
    return tuple(lines)


def _marked(statement: Frame) -> bool:
    return any(
        line.comment is not None and line.comment.value.startswith(_MARK)
        for line in _leading(statement)
    )


def _neighbour(statement: Frame) -> cst.CSTNode | None:
    """Return the statement above this one in its block."""
    body = list(getattr(statement.up.node, "body", ())) if statement.up is not None else []
    at = next((i for i, node in enumerate(body) if node is statement.node), 0)
    return body[at - 1] if at else None


def _commenting(text: str) -> Change:
    def change(node: Any) -> cst.CSTNode:
        line = cst.EmptyLine(comment=cst.Comment(text))
        return node.with_changes(leading_lines=[*node.leading_lines, line])  # type: ignore[no-any-return]

    return change

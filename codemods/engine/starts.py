"""On which lines statements begin, as the standard library's parser says: LibCST's does not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import libcst as cst

from codemods.engine.outline import parsed


@dataclass(frozen=True, slots=True)
class Start:
    """Where a statement's code begins, its comments and empty lines included."""

    line: int
    indent: int


class _Mismatch(Exception):
    """The two trees have not the same statements."""


def starts(module: cst.Module, data: bytes, wanted: set[int]) -> dict[int, Start]:
    """Return where those statements begin whose ids are wanted; none when it cannot be told.

    A statement below one that is not wanted is not looked for.
    """
    # A form feed starts the columns of a line anew.
    tree = None if b"\f" in data else parsed(data)
    if tree is None:
        return {}
    found: dict[int, Start] = {}
    lines = data.splitlines()
    try:
        _match(module.body, tree.body, lines, wanted, found)
    except _Mismatch:
        return {}
    return found


def _match(
    block: Sequence[cst.CSTNode],
    body: Sequence[ast.stmt],
    lines: list[bytes],
    wanted: set[int],
    found: dict[int, Start],
) -> None:
    at = 0
    for node in block:
        width = len(node.body) if isinstance(node, cst.SimpleStatementLine) else 1
        if at + width > len(body):
            raise _Mismatch
        if id(node) in wanted:
            statement = body[at]
            found[id(node)] = _start(node, statement, lines)
            for inner, below in _blocks(node, statement):
                _match(inner, below, lines, wanted, found)
        at += width
    if at != len(body):
        raise _Mismatch


def _start(node: Any, statement: ast.stmt, lines: list[bytes]) -> Start:
    line = statement.lineno
    decorators = getattr(statement, "decorator_list", ())
    if decorators:
        line = decorators[0].lineno
        if not lines[line - 1].lstrip().startswith(b"@"):
            raise _Mismatch
    return Start(line - len(node.leading_lines), statement.col_offset)


def _blocks(
    node: cst.CSTNode, statement: ast.stmt
) -> Iterator[tuple[Sequence[cst.CSTNode], Sequence[ast.stmt]]]:
    """Yield the blocks below a statement, as both trees have them."""
    one: Any = node
    other: Any = statement
    if isinstance(node, cst.Match):
        pairs = zip(one.cases, other.cases, strict=True)
        for case, below in pairs:
            if isinstance(case.body, cst.IndentedBlock):
                yield case.body.body, below.body
        return
    while True:
        body = getattr(one, "body", None)
        if isinstance(body, cst.IndentedBlock):
            yield body.body, other.body
        if isinstance(node, (cst.Try, cst.TryStar)):
            for handler, below in zip(one.handlers, other.handlers, strict=True):
                if isinstance(handler.body, cst.IndentedBlock):
                    yield handler.body.body, below.body
            if one.finalbody is not None and isinstance(one.finalbody.body, cst.IndentedBlock):
                yield one.finalbody.body.body, other.finalbody
        orelse = getattr(one, "orelse", None)
        if not isinstance(orelse, cst.If):
            break
        one, other = orelse, other.orelse[0]
    if orelse is not None and isinstance(orelse.body, cst.IndentedBlock):
        yield orelse.body.body, other.orelse

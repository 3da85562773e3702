"""Where a new import statement goes: in its section, in sorted order."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import TypeAlias

import libcst as cst

from codemods.engine.survey import dotted_name

Body: TypeAlias = "list[cst.SimpleStatementLine | cst.BaseCompoundStatement]"


class Section(IntEnum):
    """The customary order of imports."""

    FUTURE = 0
    STANDARD = 1
    THIRD_PARTY = 2
    PROJECT = 3
    RELATIVE = 4


def sort_key(name: str) -> tuple[int, str]:
    """Return the order of imported names: constants, classes, the rest."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[:1].isupper() else 2), name


def insert(
    module: cst.Module, new: cst.Import | cst.ImportFrom, local_packages: frozenset[str]
) -> cst.Module:
    """Return the module with one more import at its top."""
    body = list(module.body)
    line = cst.SimpleStatementLine(body=[new])
    lines = _import_lines(body)
    section = _section(new, local_packages)
    own = [at for at in lines if _section(_import(body[at]), local_packages) == section]
    if own:
        _insert_in_section(body, line, own)
        return module.with_changes(body=body)
    later = [at for at in lines if _section(_import(body[at]), local_packages) > section]
    earlier = [at for at in lines if _section(_import(body[at]), local_packages) < section]
    if later and (not earlier or later[0] > earlier[-1]):
        return _insert_before(module, body, line, later[0])
    at = (earlier[-1] + 1) if earlier else _after_docstring(body)
    _insert_after(body, line, at)
    return module.with_changes(body=body)


def _import(statement: cst.CSTNode) -> cst.Import | cst.ImportFrom:
    assert isinstance(statement, cst.SimpleStatementLine)
    small = statement.body[0]
    assert isinstance(small, (cst.Import, cst.ImportFrom))
    return small


def _import_lines(body: Body) -> list[int]:
    """Return where imports stand before the first function or class."""
    found: list[int] = []
    for at, statement in enumerate(body):
        if isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
            break
        if isinstance(statement, cst.SimpleStatementLine) and isinstance(
            statement.body[0], (cst.Import, cst.ImportFrom)
        ):
            found.append(at)
        elif found and at - found[-1] > 3:
            break
    return found


def _section(node: cst.Import | cst.ImportFrom, local_packages: frozenset[str]) -> Section:
    if isinstance(node, cst.ImportFrom) and node.relative:
        return Section.RELATIVE
    top = _name(node).partition(".")[0]
    if top == "__future__":
        return Section.FUTURE
    if top in sys.stdlib_module_names:
        return Section.STANDARD
    return Section.PROJECT if top in local_packages else Section.THIRD_PARTY


def _name(node: cst.Import | cst.ImportFrom) -> str:
    if isinstance(node, cst.ImportFrom):
        return dotted_name(node.module)
    return dotted_name(node.names[0].name)


def order(node: cst.Import | cst.ImportFrom) -> tuple[bool, str]:
    """Return where an import goes among others of its section."""
    return isinstance(node, cst.ImportFrom), _name(node).lower()


def _insert_in_section(
    body: Body,
    line: cst.SimpleStatementLine,
    own: list[int],
) -> None:
    key = order(_import(line))
    same = [at for at in own if isinstance(_import(body[at]), type(_import(line)))]
    after = [at for at in same or own if order(_import(body[at])) > key]
    if not after:
        body.insert((same or own)[-1] + 1, line)
        return
    at = after[0]
    follower = body[at]
    assert isinstance(follower, cst.SimpleStatementLine)
    own_lines = list(follower.leading_lines)
    opening = []
    while own_lines and own_lines[0].comment is None:
        opening.append(own_lines.pop(0))
    line = line.with_changes(leading_lines=opening)
    body[at] = follower.with_changes(leading_lines=own_lines)
    body.insert(at, line)


def _insert_before(
    module: cst.Module,
    body: Body,
    line: cst.SimpleStatementLine,
    at: int,
) -> cst.Module:
    """Open a section above the first import of a later one."""
    follower = body[at]
    assert isinstance(follower, cst.SimpleStatementLine)
    own = list(follower.leading_lines)
    opening = []
    while own and own[0].comment is None:
        opening.append(own.pop(0))
    body[at] = follower.with_changes(leading_lines=[cst.EmptyLine(indent=False), *own])
    body.insert(at, line.with_changes(leading_lines=opening))
    return module.with_changes(body=body)


def _insert_after(
    body: Body,
    line: cst.SimpleStatementLine,
    at: int,
) -> None:
    opening = [cst.EmptyLine(indent=False)] if at else []
    body.insert(at, line.with_changes(leading_lines=opening))
    if at + 1 < len(body):
        follower = body[at + 1]
        lines = list(getattr(follower, "leading_lines", ()))
        if not lines or lines[0].comment is not None:
            body[at + 1] = follower.with_changes(
                leading_lines=[cst.EmptyLine(indent=False), *lines]
            )


def _after_docstring(body: Body) -> int:
    first = body[0] if body else None
    if isinstance(first, cst.SimpleStatementLine) and isinstance(first.body[0], cst.Expr):
        value = first.body[0].value
        if isinstance(value, (cst.SimpleString, cst.ConcatenatedString)):
            return 1
    return 0

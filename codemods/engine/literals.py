"""Read the literal values that rules depend on."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.project import Project
from codemods.engine.scope import BindingKind, Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Change, descendants


def constant(
    project: Project, node: cst.BaseExpression, scope: Scope, source: Source
) -> cst.BaseExpression:
    """Return what a name is assigned to, when a project module assigns it once; else the node."""
    name = dotted_name(node)
    if not name:
        return node
    target = project.resolve_name(tuple(name.split(".")), scope, source)
    target = project.open(target) if target is not None else None
    if target is None or target.rest or target.binding is None or target.source is None:
        return node
    same = target.source.survey.scope.bindings.get(target.binding.name, [])
    if len(same) != 1 or target.binding.kind is not BindingKind.ASSIGN:
        return node
    return target.binding.value or node


def integer(node: cst.BaseExpression | None) -> int | None:
    """Return the value of an integer literal."""
    if isinstance(node, cst.Integer):
        return node.evaluated_value
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        inner = integer(node.expression)
        return None if inner is None else -inner
    return None


def string(node: cst.BaseExpression | None) -> str | None:
    """Return the value of a plain string literal."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def is_true(node: cst.BaseExpression | None) -> bool:
    """Is the expression the literal True?"""
    return isinstance(node, cst.Name) and node.value == "True"


def is_false(node: cst.BaseExpression | None) -> bool:
    """Is the expression the literal False?"""
    return isinstance(node, cst.Name) and node.value == "False"


def is_none(node: cst.BaseExpression | None) -> bool:
    """Is the expression the literal None?"""
    return isinstance(node, cst.Name) and node.value == "None"


def strings_in(node: cst.CSTNode) -> list[str]:
    """Return every string literal below a node."""
    return [
        value
        for inner in descendants(node)
        if isinstance(inner, cst.SimpleString) and (value := string(inner)) is not None
    ]


def mapping(node: cst.BaseExpression | None) -> dict[str, cst.BaseExpression] | None:
    """Return the entries of a `{"a": 1}` or `dict(a=1)` literal, None if it is anything else."""
    entries: dict[str, cst.BaseExpression] = {}
    if isinstance(node, cst.Dict):
        for element in node.elements:
            key = string(element.key) if isinstance(element, cst.DictElement) else None
            if key is None:
                return None
            entries[key] = element.value
        return entries
    if isinstance(node, cst.Call) and dotted_name(node.func) == "dict":
        for arg in node.args:
            if arg.keyword is None:
                return None
            entries[arg.keyword.value] = arg.value
        return entries
    return None


def text(value: str) -> cst.SimpleString:
    """Return a string literal."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return cst.SimpleString(f'"{quoted}"')


def number(value: int) -> cst.BaseExpression:
    """Return an integer literal."""
    if value < 0:
        return cst.UnaryOperation(operator=cst.Minus(), expression=cst.Integer(str(-value)))
    return cst.Integer(str(value))


def plus_one(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression one larger, computed here when it is a literal."""
    value = integer(node)
    if value is not None:
        return number(value + 1)
    simple = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer)
    left = node if isinstance(node, simple) or node.lpar else parenthesized(node)
    return cst.BinaryOperation(left=left, operator=cst.Add(), right=cst.Integer("1"))


def parenthesized(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return the expression in parentheses."""
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def renamed_string(value: str) -> Change:
    """Return the change that gives a string literal another content."""

    def change(node: Any) -> cst.CSTNode:
        quote = node.quote
        return node.with_changes(value=f"{node.prefix}{quote}{value}{quote}")  # type: ignore[no-any-return]

    return change

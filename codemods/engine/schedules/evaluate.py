"""The value of an expression that is written out, names of constants included."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import libcst as cst

from codemods.engine.literals import constant
from codemods.engine.project import Project
from codemods.engine.scope import Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name

_CONSTANTS = {"None": None, "True": True, "False": False}
_BINARY: Mapping[type[cst.BaseBinaryOp], Callable[[Any, Any], Any]] = {
    cst.Add: operator.add,
    cst.Subtract: operator.sub,
    cst.Multiply: operator.mul,
    cst.Divide: operator.truediv,
    cst.FloorDivide: operator.floordiv,
}
_DEPTH = 10


class Unreadable(Exception):
    """A value that is only known when the code runs."""


def seconds(value: Any) -> int | float:
    """Return a period as a number. Raises Unreadable."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unreadable
    return int(value) if value == int(value) else value


class Reader:
    """Reads values in one place of the project."""

    def __init__(self, project: Project, source: Source, scope: Scope) -> None:
        self.project = project
        self.source = source
        self.scope = scope

    def value(self, node: cst.BaseExpression | None, depth: int = 0) -> Any:
        """Return the value, a timedelta as one. Raises Unreadable."""
        if depth > _DEPTH:
            raise Unreadable
        if isinstance(node, (cst.Integer, cst.Float, cst.SimpleString, cst.ConcatenatedString)):
            return _plain(node.evaluated_value)
        if isinstance(node, (cst.List, cst.Tuple, cst.Set)):
            return [self._element(element, depth) for element in node.elements]
        if isinstance(node, cst.Dict):
            return dict(self._item(element, depth) for element in node.elements)
        if isinstance(node, (cst.Name, cst.Attribute)):
            return self._named(node, depth)
        try:
            return self._computed(node, depth)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
            raise Unreadable from error

    def called(self, node: cst.BaseExpression) -> str:
        """Return the full name of the function a call calls, empty if it is not known."""
        if not isinstance(node, cst.Call):
            return ""
        name = dotted_name(node.func)
        target = None
        if name:
            target = self.project.resolve_name(tuple(name.split(".")), self.scope, self.source)
        return target.full if target is not None else name

    def settled(self, node: cst.BaseExpression) -> cst.BaseExpression:
        """Return what the name of a constant stands for, else the node."""
        return constant(self.project, node, self.scope, self.source)

    def _element(self, element: cst.BaseElement, depth: int) -> Any:
        if isinstance(element, cst.StarredElement):
            raise Unreadable
        return self.value(element.value, depth + 1)

    def _item(self, element: cst.BaseDictElement, depth: int) -> tuple[Any, Any]:
        if not isinstance(element, cst.DictElement):
            raise Unreadable
        key = self.value(element.key, depth + 1)
        if not isinstance(key, (str, int, float)):
            raise Unreadable
        return key, self.value(element.value, depth + 1)

    def _named(self, node: cst.BaseExpression, depth: int) -> Any:
        name = dotted_name(node)
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        found = self.settled(node)
        if found is node:
            raise Unreadable
        return self.value(found, depth + 1)

    def _computed(self, node: cst.BaseExpression | None, depth: int) -> Any:
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
            return -self.value(node.expression, depth + 1)
        if isinstance(node, cst.BinaryOperation) and type(node.operator) in _BINARY:
            left, right = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
            if isinstance(left, (list, dict)) or isinstance(right, (list, dict)):
                raise Unreadable
            return _BINARY[type(node.operator)](left, right)
        if isinstance(node, cst.Call):
            return self._call(node, depth)
        raise Unreadable

    def _call(self, node: cst.Call, depth: int) -> Any:
        name = self.called(node)
        if any(arg.star for arg in node.args):
            raise Unreadable
        given = [self.value(arg.value, depth + 1) for arg in node.args if arg.keyword is None]
        named = {
            arg.keyword.value: self.value(arg.value, depth + 1)
            for arg in node.args
            if arg.keyword is not None
        }
        if name == "datetime.timedelta":
            return timedelta(*given, **named)
        if name == "dict" and not given:
            return named
        if isinstance(node.func, cst.Attribute) and node.func.attr.value == "total_seconds":
            period = self.value(node.func.value, depth + 1)
            if isinstance(period, timedelta):
                return period.total_seconds()
        raise Unreadable


def _plain(value: Any) -> Any:
    if isinstance(value, bytes) or value is None:
        raise Unreadable
    return value

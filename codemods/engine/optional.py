"""Values that may be None where Celery takes None for nothing."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.literals import is_none
from codemods.engine.scope import BindingKind, Scope
from codemods.engine.survey import dotted_name


def may_be_none(scope: Scope, value: cst.BaseExpression) -> bool:
    """Can the code be seen to make the value None, as a parameter's default for example?"""
    if is_none(value):
        return True
    if isinstance(value, cst.IfExp):
        return may_be_none(scope, value.body) or may_be_none(scope, value.orelse)
    if isinstance(value, cst.BooleanOperation):
        ends = isinstance(value.operator, cst.And) and may_be_none(scope, value.left)
        return ends or may_be_none(scope, value.right)
    if isinstance(value, cst.Call):
        return _looks_up(value) and (len(value.args) == 1 or is_none(value.args[-1].value))
    found = scope.lookup(value.value) if isinstance(value, cst.Name) else None
    return found is not None and any(
        _is_optional(binding.frame.node) or (binding.value is not None and is_none(binding.value))
        for binding in found[1]
        if binding.kind in {BindingKind.PARAMETER, BindingKind.ASSIGN}
    )


def _is_optional(node: cst.CSTNode) -> bool:
    """Is it a parameter that says it takes None?"""
    annotation = node.annotation if isinstance(node, cst.Param) else None
    text = code(annotation.annotation) if annotation is not None else ""
    return "Optional[" in text or "None" in text


def _looks_up(node: cst.Call) -> bool:
    """Is it `options.get("wait")`, or the like with None as its last argument?"""
    name = dotted_name(node.func).rpartition(".")[2]
    return (name in {"get", "pop"} and bool(node.args)) or (
        name == "getattr" and len(node.args) == 3
    )

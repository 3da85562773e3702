"""Which expressions are tasks, backends and results, as far as the code shows it."""

from __future__ import annotations

import libcst as cst

from codemods.engine.scope import BindingKind, Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.backport.names import is_backport
from codemods.rules.backport.study import Study

_GIVE_RESULTS = frozenset(["enqueue", "aenqueue", "get_result", "aget_result"])
_DEPTH = 10


def is_result(
    study: Study, node: cst.CSTNode, scope: Scope, source: Source, depth: int = 0
) -> bool:
    """Is the expression surely the result of a task?"""
    if depth > _DEPTH:
        return False
    if isinstance(node, cst.Await):
        return is_result(study, node.expression, scope, source, depth + 1)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        gives = node.func.attr.value in _GIVE_RESULTS
        return gives and is_sender(study, node.func.value, scope, source)
    if not isinstance(node, cst.Name):
        return False
    found = scope.lookup(node.value)
    if found is None or not found[1]:
        return False
    return all(
        _holds_result(study, binding.kind, binding.value, binding.frame, source, depth)
        for binding in found[1]
    )


def _holds_result(
    study: Study,
    kind: BindingKind,
    value: cst.BaseExpression | None,
    frame: Frame,
    source: Source,
    depth: int,
) -> bool:
    if kind is BindingKind.PARAMETER:
        return isinstance(frame.node, cst.Param) and _is_annotated(study, frame, source)
    if kind is not BindingKind.ASSIGN or value is None:
        return False
    return is_result(study, value, frame.scope, source, depth + 1)


def _is_annotated(study: Study, frame: Frame, source: Source) -> bool:
    annotation = frame.node.annotation  # type: ignore[attr-defined]
    node = annotation.annotation if annotation is not None else None
    if isinstance(node, cst.Subscript):
        node = node.value
    full = study.resolved(node, frame.scope, source)
    return is_backport(full) and full.endswith(".TaskResult")


def is_sender(study: Study, node: cst.BaseExpression, scope: Scope, source: Source) -> bool:
    """Is the expression a task, or a backend?"""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return node.func.attr.value == "using" and is_sender(study, node.func.value, scope, source)
    if isinstance(node, cst.Subscript):
        full = study.resolved(node.value, scope, source)
        return full.startswith("django_tasks.") and full.endswith((".tasks", ".task_backends"))
    if not dotted_name(node):
        return False
    full = study.resolved(node, scope, source)
    return full in study.tasks or full == "django_tasks.default_task_backend"

"""May a value be something else than a task of the project?"""

from __future__ import annotations

import libcst as cst

from codemods.engine.scope import BindingKind, Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.rules.celery.calls.holder import Path
from codemods.rules.celery.study import Study

_CONSTANTS = (
    cst.SimpleString,
    cst.ConcatenatedString,
    cst.FormattedString,
    cst.Integer,
    cst.Float,
    cst.Lambda,
)


class Known:
    """Judges values, given what has been followed."""

    def __init__(self, study: Study, passed: set[int]) -> None:
        self.study = study
        self.passed = passed
        """Ids of the expressions whose value is followed."""

    def __call__(self, node: cst.BaseExpression, scope: Scope, source: Source, path: Path) -> bool:
        """Is all that the way leads to in a value a task of the project, or no task at all?"""
        if id(node) in self.passed or isinstance(node, _CONSTANTS):
            return True
        if isinstance(node, cst.IfExp):
            branches = (node.body, node.orelse)
            return all(self(each, scope, source, path) for each in branches)
        if isinstance(node, cst.BooleanOperation):
            return all(self(each, scope, source, path) for each in (node.left, node.right))
        if isinstance(node, (cst.Tuple, cst.List, cst.Set)):
            return self._items(node, scope, source, path)
        if isinstance(node, cst.Dict):
            return bool(path) and all(
                isinstance(each, cst.DictElement) and self(each.value, scope, source, path[1:])
                for each in node.elements
            )
        return self._named(node, scope, source, path)

    def _items(
        self, node: cst.Tuple | cst.List | cst.Set, scope: Scope, source: Source, path: Path
    ) -> bool:
        if not path:
            return True
        for index, element in enumerate(node.elements):
            if isinstance(path[0], int) and index != path[0]:
                continue
            way = path if isinstance(element, cst.StarredElement) else path[1:]
            if not self(element.value, scope, source, way):
                return False
        return True

    def _named(self, node: cst.BaseExpression, scope: Scope, source: Source, path: Path) -> bool:
        empty = isinstance(node, cst.Call) and not node.args
        if empty and path and dotted_name(node.func) in {"list", "dict", "set", "tuple"}:  # type: ignore[attr-defined]
            return True
        name = dotted_name(node)
        if name in {"None", "True", "False"}:
            return True
        target = (
            self.study.project.resolve_name(tuple(name.split(".")), scope, source) if name else None
        )
        if target is None or target.rest:
            return False
        target = self.study.project.open(target)
        if target is None or target.binding is None:
            return False
        plain = target.binding.kind in {BindingKind.FUNCTION, BindingKind.CLASS}
        return not path and (target.dotted in self.study.tasks or plain)

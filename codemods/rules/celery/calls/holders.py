"""Find what holds a task once it is assigned, passed or returned."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from codemods.engine.modules import Target
from codemods.engine.scope import BindingKind, Scope, ScopeKind
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.arguments import builtin, fills, parameter
from codemods.rules.celery.calls.climb import NOWHERE, Bound, Default, Passed
from codemods.rules.celery.calls.holder import EACH, Holder, Path, Reached
from codemods.rules.celery.study import Study

Goal = Holder | Reached | str | None


class Holders:
    """Every variable, attribute and parameter that holds tasks."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.found: dict[tuple[object, ...], Holder] = {}

    def bound(self, source: Source, step: Bound) -> list[Holder | str]:
        """Return what the target of an assignment or a loop is."""
        return self._targets(source, step.target, step.frame, step.path)

    def default(self, source: Source, step: Default) -> Holder | str:
        """Return the parameter that has a value as its default."""
        params = step.param.up
        function = params.up if params is not None else None
        assert isinstance(step.param.node, cst.Param)
        if function is None or not isinstance(function.node, cst.FunctionDef):
            return NOWHERE
        return self._parameter(source, function, step.param.node.name.value, step.path)

    def passed(self, source: Source, step: Passed) -> Goal:
        """Return where an argument goes; None when nothing there can send it."""
        assert isinstance(step.call.node, cst.Call)
        if step.arg.star:
            return NOWHERE
        filled = fills(step.call.node, step.path)
        if filled is not None:
            value, path = filled
            return self._container(source, value, step.call.scope, path)
        target = self._called(source, step.call)
        if target is None:
            return NOWHERE
        if target.dotted.startswith("builtins."):
            return builtin(target.dotted.partition(".")[2], step)
        if target.full == "functools.partial":
            return self._partial(source, step)
        if self.study.project.is_outside(target):
            return self._outside(target, step)
        return self._into_function(target, step.call.node.args, step.arg, step.path)

    def calls_of(self, source: Source, frame: Frame) -> list[tuple[Source, Frame]] | None:
        """Return every call of the function a return statement is in; None when not known."""
        scope = frame.scope.function()
        function = scope.frame if scope is not None else None
        if function is None or not isinstance(function.node, cst.FunctionDef):
            return None
        if function.scope.kind is not ScopeKind.MODULE or function.node.decorators:
            return None
        dotted = f"{source.name}.{function.node.name.value}"
        calls = []
        for place, chain in self.study.chains_to(dotted):
            up = chain.frame.up
            if (
                up is None
                or not isinstance(up.node, cst.Call)
                or up.node.func is not chain.frame.node
            ):
                return None
            calls.append((place, up))
        return calls

    # Targets

    def _targets(
        self, source: Source, target: cst.CSTNode, frame: Frame, path: Path
    ) -> list[Holder | str]:
        if isinstance(target, cst.Name):
            if not path and _is_alias(target, frame) and self._names_a_task(source, frame):
                return []
            holder = self._variable(source, frame.scope, target.value, path)
            if not isinstance(holder, str):
                holder.fed.add(id(frame.node))
            return [holder]
        if isinstance(target, cst.Attribute):
            return [self._attribute(source, target.attr.value, path)]
        if isinstance(target, cst.Subscript):
            return [self._container(source, target.value, frame.scope, (EACH, *path))]
        if not isinstance(target, (cst.Tuple, cst.List)) or not path:
            return [NOWHERE]
        found: list[Holder | str] = []
        for index, element in enumerate(target.elements):
            if isinstance(element, cst.StarredElement):
                found.append(NOWHERE)
            elif path[0] in {EACH, index}:
                found.extend(self._targets(source, element.value, frame, path[1:]))
        return found

    def _names_a_task(self, source: Source, frame: Frame) -> bool:
        assert isinstance(frame.node, cst.Assign)
        found = self._resolve(source, frame.node.value, frame.scope)
        return found is not None and found.full in self.study.tasks

    def _variable(self, source: Source, scope: Scope, name: str, path: Path) -> Holder | str:
        while scope.kind is ScopeKind.COMPREHENSION and name not in scope.bindings and scope.parent:
            scope = scope.parent
        if name in scope.outer_names:
            scope = scope.module()
        if scope.kind is ScopeKind.CLASS:
            return self._attribute(source, name, path)
        dotted = f"{source.name}.{name}" if scope.parent is None else ""
        key = ("variable", id(scope), name, path)
        return self._held(Holder(key, source, name, path, scope=scope, dotted=dotted))

    def _attribute(self, source: Source, name: str, path: Path) -> Holder:
        return self._held(Holder(("attribute", name, path), source, name, path))

    def _parameter(self, source: Source, function: Frame, name: str, path: Path) -> Holder | str:
        assert isinstance(function.node, cst.FunctionDef)
        called = function.node.name.value
        owner = function.scope.frame
        if function.scope.kind is ScopeKind.CLASS and called == "__init__" and owner is not None:
            assert isinstance(owner.node, cst.ClassDef)
            if owner.scope.kind is not ScopeKind.MODULE:
                return NOWHERE
            called = owner.node.name.value
        elif function.scope.kind is not ScopeKind.MODULE:
            return NOWHERE
        dotted = f"{source.name}.{called}"
        key = ("parameter", id(function.node), name, path)
        return self._held(Holder(key, source, name, path, function=function, dotted=dotted))

    def _held(self, holder: Holder) -> Holder:
        return self.found.setdefault(holder.key, holder)

    def _container(
        self, source: Source, value: cst.BaseExpression, scope: Scope, path: Path
    ) -> Holder | str:
        """Return the variable or attribute that a changed container is in."""
        if isinstance(value, cst.Attribute):
            return self._attribute(source, value.attr.value, path)
        found = scope.lookup(value.value) if isinstance(value, cst.Name) else None
        if found is None or not isinstance(value, cst.Name):
            return NOWHERE
        if any(binding.kind is not BindingKind.ASSIGN for binding in found[1]):
            return NOWHERE
        return self._variable(source, found[0], value.value, path)

    # Calls

    def _called(self, source: Source, call: Frame) -> Target | None:
        assert isinstance(call.node, cst.Call)
        return self._resolve(source, call.node.func, call.scope)

    def _resolve(self, source: Source, node: cst.BaseExpression, scope: Scope) -> Target | None:
        name = dotted_name(node)
        if not name:
            return None
        words = tuple(name.split("."))
        if len(words) == 1 and scope.lookup(name) is None and not source.survey.stars:
            return Target(f"builtins.{name}")
        return self.study.project.resolve_name(words, scope, source)

    def _outside(self, target: Target, step: Passed) -> Goal:
        if target.dotted.partition(".")[0] == "celery":
            return f"{target.full} is Celery's and needs a Celery task"
        if not step.path:
            return None
        if target.full in {"random.choice", "copy.copy", "copy.deepcopy"}:
            way = step.path[1:] if target.full == "random.choice" else step.path
            return Reached(step.call, way)
        return NOWHERE

    def _partial(self, source: Source, step: Passed) -> Goal:
        assert isinstance(step.call.node, cst.Call)
        first, *rest = step.call.node.args
        if first is step.arg:
            return None if not step.path else NOWHERE
        target = self._resolve(source, first.value, step.call.scope)
        if target is None:
            return NOWHERE
        if self.study.project.is_outside(target):
            return self._outside(target, step)
        return self._into_function(target, rest, step.arg, step.path)

    def _into_function(
        self, target: Target, args: Sequence[cst.Arg], arg: cst.Arg, path: Path
    ) -> Goal:
        opened = self.study.project.open(target)
        if opened is None or opened.binding is None or opened.source is None or opened.rest:
            return NOWHERE
        function = opened.binding.frame
        skipped = 0
        if opened.binding.kind is BindingKind.CLASS:
            init = _init_of(function, opened.source)
            if init is None:
                return NOWHERE
            function, skipped = init, 1
        elif opened.binding.kind is not BindingKind.FUNCTION:
            return NOWHERE
        if opened.dotted in self.study.tasks:
            return f"the task is an argument of {opened.dotted.rpartition('.')[2]}"
        name = parameter(function, args, arg, skipped)
        return self._parameter(opened.source, function, name, path) if name else NOWHERE


def _init_of(cls: Frame, source: Source) -> Frame | None:
    for function in source.survey.functions:
        owner = function.scope.frame
        assert isinstance(function.node, cst.FunctionDef)
        if owner is not None and owner.node is cls.node and function.node.name.value == "__init__":
            return function
    return None


def _is_alias(target: cst.Name, frame: Frame) -> bool:
    """Is it a plain second name?"""
    bindings = frame.scope.bindings.get(target.value, [])
    return (
        isinstance(frame.node, cst.Assign)
        and bool(dotted_name(frame.node.value))
        and len(bindings) == 1
        and bindings[0].kind is BindingKind.ASSIGN
        and frame.scope.kind is not ScopeKind.CLASS
        and target.value not in frame.scope.outer_names
    )

"""Read one module once: its scopes, name uses, functions and path-like strings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import libcst as cst

from codemods.engine.bare import absolute
from codemods.engine.scope import (
    Binding,
    BindingKind,
    Chain,
    Scope,
    ScopeKind,
    Survey,
    Text,
)
from codemods.engine.tree import Frame, children

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+\Z")


def survey(module: cst.Module, package: str) -> Survey:
    """Return what the module binds and uses; package resolves its relative imports."""
    return _Surveyor(module, package).run()


def dotted_name(node: cst.BaseExpression | None) -> str:
    """Return `a.b.c` for a chain of plain names, else an empty string."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join([node.value, *reversed(parts)])


def absolute_module(statement: cst.ImportFrom, package: str) -> str:
    """Return the absolute name of the module an import statement names."""
    name = dotted_name(statement.module) if statement.module is not None else ""
    return absolute(package, len(statement.relative), name)


class _Surveyor:
    def __init__(self, module: cst.Module, package: str) -> None:
        self.package = package
        self.result = Survey(Scope(ScopeKind.MODULE, None))
        self.stack: list[tuple[cst.CSTNode, Frame | None, Scope]] = [
            (module, None, self.result.scope)
        ]
        self.handlers: dict[type[cst.CSTNode], Callable[[Any, Frame], None]] = {
            cst.Name: self.name,
            cst.Attribute: self.attribute,
            cst.SimpleString: self.text,
            cst.Import: self.import_,
            cst.ImportFrom: self.import_from,
            cst.FunctionDef: self.function,
            cst.Lambda: self.lambda_,
            cst.ClassDef: self.class_,
            cst.Assign: self.assign,
            cst.AnnAssign: self.ann_assign,
            cst.AugAssign: self.aug_assign,
            cst.NamedExpr: self.named_expr,
            cst.For: self.for_,
            cst.CompFor: self.comp_for,
            cst.ListComp: self.comprehension,
            cst.SetComp: self.comprehension,
            cst.DictComp: self.comprehension,
            cst.GeneratorExp: self.comprehension,
            cst.WithItem: self.as_name,
            cst.ExceptHandler: self.as_name,
            cst.Arg: self.arg,
            cst.Global: self.outer,
            cst.Nonlocal: self.outer,
            cst.MatchAs: self.match_name,
            cst.MatchStar: self.match_name,
            cst.Del: self.delete,
        }

    def run(self) -> Survey:
        while self.stack:
            node, up, scope = self.stack.pop()
            frame = Frame(node, up, scope)
            handler = self.handlers.get(type(node))
            if handler is None:
                self.push(children(node), frame)
            else:
                handler(node, frame)
        return self.result

    def push(
        self, nodes: list[cst.CSTNode] | list[Any], frame: Frame, scope: Scope | None = None
    ) -> None:
        for node in reversed(nodes):
            if node is not None:
                self.stack.append((node, frame, scope or frame.scope))

    # Uses

    def name(self, node: cst.Name, frame: Frame) -> None:
        self.result.chains.append(Chain(node.value, (), frame))

    def attribute(self, node: cst.Attribute, frame: Frame, *, stored: bool = False) -> None:
        parts = [node.attr.value]
        inner: cst.BaseExpression = node.value
        holder = frame
        while isinstance(inner, cst.Attribute) and not inner.lpar:
            parts.append(inner.attr.value)
            holder = Frame(inner, holder, frame.scope)
            inner = inner.value
        root = inner.value if isinstance(inner, cst.Name) else ""
        self.result.chains.append(Chain(root, tuple(reversed(parts)), frame, stored))
        if not root:
            self.push([inner], holder)

    def text(self, node: cst.SimpleString, frame: Frame) -> None:
        if "b" in node.prefix.lower():
            return
        value = node.raw_value
        if _DOTTED.match(value):
            self.result.texts.append(Text(value, frame))

    def arg(self, node: cst.Arg, frame: Frame) -> None:
        self.push([node.value], frame)

    # Bindings

    def bind(
        self,
        kind: BindingKind,
        name: str,
        frame: Frame,
        *,
        scope: Scope | None = None,
        target: str = "",
        value: cst.BaseExpression | None = None,
    ) -> None:
        scope = scope or frame.scope
        binding = Binding(kind, name, frame, target, value)
        scope.bind(binding)
        if scope.parent is not None:
            self.result.local_names.add(name)
        if name in scope.outer_names:
            scope.module().bind(binding)

    def target(
        self, node: cst.CSTNode, frame: Frame, value: cst.BaseExpression | None = None
    ) -> None:
        if isinstance(node, cst.Name):
            kind = BindingKind.OTHER if value is None else BindingKind.ASSIGN
            self.bind(kind, node.value, frame, value=value)
        elif isinstance(node, (cst.Tuple, cst.List)):
            holder = Frame(node, frame, frame.scope)
            for element in node.elements:
                self.target(element.value, Frame(element, holder, frame.scope))
        elif isinstance(node, cst.Attribute):
            self.attribute(node, Frame(node, frame, frame.scope), stored=True)
        else:
            self.push([node], frame)

    def import_(self, node: cst.Import, frame: Frame) -> None:
        self.result.imports.append(frame)
        for alias in node.names:
            full = dotted_name(alias.name)
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                self.bind(BindingKind.IMPORT, alias.asname.name.value, frame, target=full)
            else:
                root = full.partition(".")[0]
                self.bind(BindingKind.IMPORT, root, frame, target=root)

    def import_from(self, node: cst.ImportFrom, frame: Frame) -> None:
        self.result.imports.append(frame)
        module = absolute_module(node, self.package)
        if isinstance(node.names, cst.ImportStar):
            self.result.stars.append(module)
            return
        for alias in node.names:
            name = dotted_name(alias.name)
            local = name
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                local = alias.asname.name.value
            target = f"{module}.{name}" if module else name
            self.bind(BindingKind.IMPORT, local, frame, target=target)

    def function(self, node: cst.FunctionDef, frame: Frame) -> None:
        self.bind(BindingKind.FUNCTION, node.name.value, frame)
        self.result.functions.append(frame)
        inner = Scope(ScopeKind.FUNCTION, frame.scope, frame)
        self.push([node.body], frame, inner)
        self.push([node.returns], frame)
        self.parameters(node.params, frame, inner)
        self.push(list(node.decorators), frame)

    def lambda_(self, node: cst.Lambda, frame: Frame) -> None:
        inner = Scope(ScopeKind.FUNCTION, frame.scope, frame)
        self.push([node.body], frame, inner)
        self.parameters(node.params, frame, inner)

    def parameters(self, params: cst.Parameters, frame: Frame, inner: Scope) -> None:
        holder = Frame(params, frame, frame.scope)
        found = [*params.posonly_params, *params.params, *params.kwonly_params]
        stars = (params.star_arg, params.star_kwarg)
        found.extend(star for star in stars if isinstance(star, cst.Param))
        for param in found:
            place = Frame(param, holder, frame.scope)
            self.bind(
                BindingKind.PARAMETER, param.name.value, place, scope=inner, value=param.default
            )
            self.push([param.default, param.annotation], place)

    def class_(self, node: cst.ClassDef, frame: Frame) -> None:
        self.bind(BindingKind.CLASS, node.name.value, frame)
        inner = Scope(ScopeKind.CLASS, frame.scope, frame)
        self.result.class_scopes.append(inner)
        self.push([node.body], frame, inner)
        self.push([*node.decorators, *node.bases, *node.keywords], frame)

    def assign(self, node: cst.Assign, frame: Frame) -> None:
        for target in node.targets:
            self.target(target.target, Frame(target, frame, frame.scope), node.value)
        self.push([node.value], frame)

    def ann_assign(self, node: cst.AnnAssign, frame: Frame) -> None:
        if node.value is not None:
            self.target(node.target, frame, node.value)
        self.push([node.annotation, node.value], frame)

    def aug_assign(self, node: cst.AugAssign, frame: Frame) -> None:
        self.target(node.target, frame)
        self.push([node.value], frame)

    def named_expr(self, node: cst.NamedExpr, frame: Frame) -> None:
        scope = frame.scope
        while scope.kind is ScopeKind.COMPREHENSION and scope.parent is not None:
            scope = scope.parent
        if isinstance(node.target, cst.Name):
            self.bind(BindingKind.ASSIGN, node.target.value, frame, scope=scope, value=node.value)
        self.push([node.value], frame)

    def for_(self, node: cst.For, frame: Frame) -> None:
        self.target(node.target, frame)
        self.push([node.iter, node.body, node.orelse], frame)

    def comp_for(self, node: cst.CompFor, frame: Frame) -> None:
        self.target(node.target, frame)
        self.push([node.iter, *node.ifs, node.inner_for_in], frame)

    def comprehension(self, node: cst.CSTNode, frame: Frame) -> None:
        self.push(children(node), frame, Scope(ScopeKind.COMPREHENSION, frame.scope, frame))

    def as_name(self, node: cst.WithItem | cst.ExceptHandler, frame: Frame) -> None:
        name = node.asname if isinstance(node, cst.WithItem) else node.name
        item = node.item if isinstance(node, cst.WithItem) else node.type
        if name is not None:
            value = item if isinstance(node, cst.WithItem) else None
            self.target(name.name, Frame(name, frame, frame.scope), value)
        self.push([item, getattr(node, "body", None)], frame)

    def outer(self, node: cst.Global | cst.Nonlocal, frame: Frame) -> None:
        frame.scope.outer_names.update(item.name.value for item in node.names)

    def match_name(self, node: cst.MatchAs | cst.MatchStar, frame: Frame) -> None:
        if node.name is not None:
            self.target(node.name, frame)
        self.push([getattr(node, "pattern", None)], frame)

    def delete(self, node: cst.Del, frame: Frame) -> None:
        self.target(node.target, frame)

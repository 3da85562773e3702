"""Decorators a project makes of a library's: which can be read, and why the others cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from codemods.engine.decorators.alias import Alias, Uses
from codemods.engine.decorators.given import Options, read_options
from codemods.engine.modules import Target
from codemods.engine.project import Project
from codemods.engine.scope import Binding, BindingKind, Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, descendants

_PARTIAL = frozenset({"functools.partial"})


class Makers:
    """Reads what a name of the project makes tasks with."""

    def __init__(
        self,
        project: Project,
        library: str,
        is_factory: Callable[[Target], bool],
        expand: Callable[[Project, Options], None],
    ) -> None:
        self.project = project
        self.library = library
        """As people call it: Celery."""
        self.is_factory = is_factory
        self.expand = expand
        """Adds the options that stand elsewhere."""

    def options(self, call: Frame | None, source: Source, leading: int = 0) -> Options:
        """Return the options of a call, the ones that stand elsewhere with them."""
        options = read_options(call, source, leading)
        self.expand(self.project, options)
        return options

    def alias(self, target: Target) -> Alias | None:
        """Return the decorator a name stands for, if it can be read."""
        binding, source = target.binding, target.source
        if source is None or binding is None or target.rest:
            return None
        if len(source.survey.scope.bindings.get(binding.name, [])) != 1:
            return None
        if binding.kind is BindingKind.FUNCTION:
            return self._returned(target, source, binding)
        if binding.kind is not BindingKind.ASSIGN or not isinstance(binding.value, cst.Call):
            return None
        return self._assigned(target, source, binding, binding.value)

    def _assigned(
        self, target: Target, source: Source, binding: Binding, value: cst.Call
    ) -> Alias | None:
        """Read `urgent = shared_task(...)` and `urgent = partial(shared_task, ...)`."""
        statement = binding.frame.up if isinstance(binding.frame.node, cst.AssignTarget) else None
        call = Frame(value, statement or binding.frame, binding.frame.scope)
        uses, leading = Uses.BARE, 0
        if self._is_partial(value, call.scope, source):
            uses, leading = Uses.EITHER, 1
        elif not self._makes(value.func, call.scope, source):
            return None
        return Alias(target.dotted, source, binding, self.options(call, source, leading), uses)

    def _returned(self, target: Target, source: Source, binding: Binding) -> Alias | None:
        """Read a function that only returns `shared_task(...)`, or that of its argument."""
        node = binding.frame.node
        if not isinstance(node, cst.FunctionDef) or node.decorators or node.asynchronous:
            return None
        returned = _only_return(node)
        names = _parameters(node)
        scope = source.survey.scope
        if returned is None or names is None or len(names) > 1 or "task" in names:
            return None
        value = returned.value
        if names:
            value = value.func if isinstance(value, cst.Call) and _passes(value, names[0]) else None
        if not isinstance(value, cst.Call) or not self._makes(value.func, scope, source):
            return None
        for chain in source.survey.chains:
            call = chain.frame.up
            if call is not None and call.node is value and chain.frame.node is value.func:
                uses = Uses.BARE if names else Uses.CALLED
                return Alias(target.dotted, source, binding, self.options(call, source), uses)
        return None

    def hidden(self, target: Target) -> str:
        """Say why a decorator that makes tasks cannot be read; nothing if it makes none."""
        binding, source = target.binding, target.source
        if binding is None or source is None or target.rest:
            return ""
        if self._has_stand_in(source, binding.name):
            return (
                f"{binding.name} is {self.library}'s or a stand-in for it, "
                "whichever can be imported"
            )
        node = binding.frame.node
        if isinstance(node, cst.FunctionDef):
            for inner in descendants(node.body):
                if isinstance(inner, (cst.Call, cst.Attribute, cst.Name)):
                    func = inner.func if isinstance(inner, cst.Call) else inner
                    if self._makes(func, source.survey.scope, source):
                        return f"{target.dotted} makes the task inside a function"
        elif isinstance(binding.value, cst.Call) and self._is_partial(
            binding.value, binding.frame.scope, source
        ):
            return f"{target.dotted} is a partial of a task decorator"
        return ""

    def _has_stand_in(self, source: Source, name: str) -> bool:
        """Is a name sometimes a task decorator and sometimes something of the project?"""
        same = source.survey.scope.bindings.get(name, [])
        imported = [one for one in same if one.kind is BindingKind.IMPORT]
        if len(imported) == len(same):
            return False
        found = [self.project.resolve_dotted(one.target) for one in imported]
        return any(target is not None and self.is_factory(target) for target in found)

    def _is_partial(self, call: cst.Call, scope: Scope, source: Source) -> bool:
        func = self._resolve(call.func, scope, source)
        if func is None or func.full not in _PARTIAL or not call.args:
            return False
        return not call.args[0].star and self._makes(call.args[0].value, scope, source)

    def _makes(self, node: cst.BaseExpression, scope: Scope, source: Source) -> bool:
        target = self._resolve(node, scope, source)
        return target is not None and self.is_factory(target)

    def _resolve(self, node: cst.BaseExpression, scope: Scope, source: Source) -> Target | None:
        name = dotted_name(node)
        return self.project.resolve_name(tuple(name.split(".")), scope, source) if name else None


def _only_return(node: cst.FunctionDef) -> cst.Return | None:
    """Return the statement that is the whole body, a docstring aside."""
    lines = [small for line in node.body.body for small in _small(line)]
    if lines and isinstance(lines[0], cst.Expr) and isinstance(lines[0].value, cst.SimpleString):
        del lines[0]
    only = lines[0] if len(lines) == 1 else None
    return only if isinstance(only, cst.Return) else None


def _small(line: cst.CSTNode) -> Iterator[cst.CSTNode]:
    if isinstance(line, cst.SimpleStatementLine):
        yield from line.body
    else:
        yield line


def _parameters(node: cst.FunctionDef) -> list[str] | None:
    """Return the names of plain parameters, None when there are others."""
    params = node.params
    if params.kwonly_params or params.star_kwarg or not _is_absent(params.star_arg):
        return None
    found = [*params.posonly_params, *params.params]
    return None if any(one.default for one in found) else [one.name.value for one in found]


def _is_absent(star: object) -> bool:
    return star is None or isinstance(star, cst.MaybeSentinel)


def _passes(call: cst.Call, name: str) -> bool:
    """Is it `made(name)`?"""
    args = call.args
    return (
        isinstance(call.func, cst.Call)
        and len(args) == 1
        and not args[0].star
        and args[0].keyword is None
        and dotted_name(args[0].value) == name
    )

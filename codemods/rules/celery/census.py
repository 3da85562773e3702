"""Find the Celery apps, decorator aliases and tasks of a project."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.alias import Alias
from codemods.engine.decorators.given import Options
from codemods.engine.decorators.makers import Makers
from codemods.engine.modules import Target
from codemods.engine.project import Project
from codemods.engine.scope import Binding, BindingKind, Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, descendants
from codemods.rules.celery.bases import expand
from codemods.rules.celery.names import APP_CLASSES, CURRENT_APPS, SHARED_TASK
from codemods.rules.celery.task import CeleryTask


class Census:
    """Every task definition, with the Celery app objects they may hang on."""

    def __init__(self, project: Project, named_apps: tuple[str, ...] = ()) -> None:
        self.project = project
        self.named_apps = tuple(name.replace(":", ".") for name in named_apps)
        """Apps a person has named, the one TASKS is to have first."""
        self.aliases: dict[str, Alias] = {}
        self.tasks: dict[str, CeleryTask] = {}
        self.repeated: set[str] = set()
        self.unknown_apps: list[tuple[Source, Frame, str]] = []
        """Decorators that look like an app's, on an app that cannot be seen."""
        self.created: list[tuple[Source, Frame]] = []
        """Tasks made by calling a decorator on a function."""
        self.hidden: dict[str, str] = {}
        """Project decorators that make tasks out of sight, and why they cannot be read."""
        self.makers = Makers(project, "Celery", self.is_factory, expand)
        self._is_app: dict[str, bool] = {}

    def take(self, sources: list[Source]) -> None:
        """Read the definitions of these files."""
        for source in sources:
            for frame in source.survey.functions:
                task = self._task(source, frame)
                if task is None:
                    continue
                if task.key in self.tasks:
                    self.repeated.add(task.key)
                self.tasks[task.key] = task
            self._find_created(source)
            self._find_aliases(source)

    def keys(self) -> set[str]:
        """Return the dotted paths that files may use: tasks and decorators that make them."""
        hidden = (key for key, why in self.hidden.items() if why)
        return {*self.tasks, *self.aliases, *hidden}

    @property
    def named_app(self) -> str | None:
        """Return the app that TASKS is to have, when a person has said so."""
        return self.named_apps[0] if self.named_apps else None

    @property
    def apps(self) -> list[str]:
        """Return the dotted paths of the app objects the project creates."""
        found = set(self.named_apps)
        for source in self.project.relevant:
            for name, bindings in source.survey.scope.bindings.items():
                if any(
                    binding.kind is BindingKind.ASSIGN and self._creates_app(binding, source)
                    for binding in bindings
                ):
                    found.add(f"{source.name}.{name}")
        return sorted(found)

    # Decorators

    def _task(self, source: Source, frame: Frame) -> CeleryTask | None:
        node = frame.node
        assert isinstance(node, cst.FunctionDef)
        for index, decorator in enumerate(node.decorators):
            made = self._read(source, frame, index, decorator)
            if made is not None:
                return made
        return None

    def _read(
        self, source: Source, frame: Frame, index: int, decorator: cst.Decorator
    ) -> CeleryTask | None:
        assert isinstance(frame.node, cst.FunctionDef)
        holder = Frame(decorator, frame, frame.scope)
        expression = decorator.decorator
        called = isinstance(expression, cst.Call)
        func = expression.func if isinstance(expression, cst.Call) else expression
        target = self._resolve(func, frame.scope, source)
        if target is None:
            self._suspect(source, frame, func)
            return None
        key = f"{source.name}.{frame.node.name.value}"
        call = Frame(expression, holder, frame.scope) if called else None
        if self.is_factory(target):
            options = self.makers.options(call, source)
            return CeleryTask(key, source, frame, index, holder, options)
        if self.project.is_outside(target):
            if "celery" in target.full.lower():
                self._suspect(source, frame, func)
            return None
        alias = self._alias(target)
        if alias is not None:
            task = CeleryTask(key, source, frame, index, holder, alias.options, alias)
            task.hidden = alias.misused(call.node if call is not None else None)
            return task
        if target.dotted not in self.hidden:
            self.hidden[target.dotted] = self.makers.hidden(target)
        hidden = self.hidden[target.dotted]
        if hidden:
            options = Options(source, call)
            return CeleryTask(key, source, frame, index, holder, options, hidden=hidden)
        return None

    def _resolve(self, node: cst.BaseExpression, scope: Scope, source: Source) -> Target | None:
        name = dotted_name(node)
        return self.project.resolve_name(tuple(name.split(".")), scope, source) if name else None

    def is_factory(self, target: Target) -> bool:
        """Does the name stand for a decorator that makes tasks?"""
        full = target.full
        if full in SHARED_TASK or full.removesuffix(".task") in CURRENT_APPS:
            return True
        return target.rest == ("task",) and self.is_app(target)

    def is_app(self, target: Target) -> bool:
        """Is the target a Celery app?"""
        if target.dotted in self.named_apps:
            return True
        if target.source is None:
            return target.dotted in CURRENT_APPS
        if target.dotted not in self._is_app:
            self._is_app[target.dotted] = False
            self._is_app[target.dotted] = self._find_app(target)
        return self._is_app[target.dotted]

    def _find_app(self, target: Target) -> bool:
        source, binding = target.source, target.binding
        if source is None or binding is None:
            return False
        same = source.survey.scope.bindings.get(binding.name, [])
        return any(self._creates_app(one, source) for one in same)

    def _creates_app(self, binding: Binding, source: Source) -> bool:
        value = binding.value
        if not isinstance(value, cst.Call):
            return False
        target = self._resolve(value.func, binding.frame.scope, source)
        return target is not None and self._makes_app(target)

    def _makes_app(self, target: Target, depth: int = 0) -> bool:
        """Is the target Celery's class, a subclass, or a function that calls one of them?"""
        if target.source is None:
            return target.full in APP_CLASSES
        binding = target.binding
        if binding is None or target.rest or depth > 3:
            return False
        node = binding.frame.node
        scope = target.source.survey.scope
        names: list[cst.BaseExpression] = []
        if isinstance(node, cst.ClassDef):
            names = [base.value for base in node.bases]
        elif isinstance(node, cst.FunctionDef):
            names = [inner.func for inner in descendants(node.body) if isinstance(inner, cst.Call)]
        for name in names:
            inner_target = self._resolve(name, scope, target.source)
            if inner_target is not None and self._makes_app(inner_target, depth + 1):
                return True
        return False

    # Aliases

    def _alias(self, target: Target) -> Alias | None:
        if target.dotted not in self.aliases:
            alias = self.makers.alias(target)
            if alias is None:
                return None
            self.aliases[target.dotted] = alias
        return self.aliases[target.dotted]

    def _suspect(self, source: Source, frame: Frame, func: cst.BaseExpression) -> None:
        name = dotted_name(func)
        root, _, last = name.rpartition(".")
        if last == "task" and root and ("app" in root.lower() or "celery" in root.lower()):
            self.unknown_apps.append((source, frame, root))

    def _find_aliases(self, source: Source) -> None:
        """Find the decorators a module makes, whether it uses them or not."""
        for name, bindings in source.survey.scope.bindings.items():
            dotted = f"{source.name}.{name}"
            binding = bindings[0]
            if binding.kind is BindingKind.ASSIGN and isinstance(binding.value, cst.Call):
                target = Target(dotted, (), source, binding)
                if self._alias(target) is None:
                    self.hidden.setdefault(dotted, self.makers.hidden(target))
        for chain in source.survey.chains:
            function = chain.frame.scope.function()
            owner = function.frame if function is not None else None
            if owner is None or not isinstance(owner.node, cst.FunctionDef):
                continue
            target_of_chain = self.project.resolve(chain, source)
            if target_of_chain is not None and self.is_factory(target_of_chain):
                binding = Binding(BindingKind.FUNCTION, owner.node.name.value, owner)
                dotted = f"{source.name}.{binding.name}"
                target = Target(dotted, (), source, binding)
                if self._alias(target) is None:
                    self.hidden.setdefault(dotted, self.makers.hidden(target))

    def _find_created(self, source: Source) -> None:
        for chain in source.survey.chains:
            holder = chain.frame.up
            if holder is None or not isinstance(holder.node, cst.Call):
                continue
            if holder.node.func is not chain.frame.node or not _has_positional(holder.node):
                continue
            target = self.project.resolve(chain, source)
            if target is not None and self.is_factory(target):
                self.created.append((source, holder))


def _has_positional(call: cst.Call) -> bool:
    return any(arg.keyword is None and not arg.star for arg in call.args)

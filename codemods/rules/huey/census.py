"""Find the Huey objects, decorators and tasks of a project."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.decorators.alias import Alias
from codemods.engine.decorators.given import Options
from codemods.engine.decorators.makers import Makers
from codemods.engine.decorators.sources import unpack
from codemods.engine.modules import Target
from codemods.engine.project import Project
from codemods.engine.scope import Binding, BindingKind, Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, descendants
from codemods.rules.huey.names import (
    DECORATORS,
    DJANGO_HUEY,
    DJHUEY,
    INSTANCE_CLASS,
    OF_SETTINGS,
    ON_COMMIT,
    PERIODIC,
)
from codemods.rules.huey.task import HueyTask, Made, Maker

_DEPTH = 3
_OF_DJHUEY = (DJHUEY, f"{DJHUEY}.HUEY", OF_SETTINGS)


class Census:
    """Every task definition, with the Huey objects they hang on."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.tasks: dict[str, HueyTask] = {}
        self.repeated: set[str] = set()
        self.created: list[tuple[Source, Frame]] = []
        """Tasks made by calling a decorator's result on a function."""
        self.aliases: dict[str, Alias] = {}
        self.hidden: dict[str, str] = {}
        """Project decorators that make tasks out of sight, and why they cannot be read."""
        self.makers = Makers(project, "Huey", self.is_factory, unpack)
        self._instances: dict[str, bool] = {}

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
        """Return the dotted paths that files may use: tasks, what makes them, Huey objects."""
        hidden = (key for key, why in self.hidden.items() if why)
        return {*self.tasks, *self.aliases, *hidden, *self.instances}

    def other_names(self) -> set[str]:
        """Return the dotted paths under which modules have tasks by other names."""
        found = set()
        for source in self.project.relevant:
            for name, bindings in source.survey.scope.bindings.items():
                if not any(binding.target or dotted_name(binding.value) for binding in bindings):
                    continue
                dotted = f"{source.name}.{name}"
                target = self.project.resolve_dotted(dotted)
                task = self.tasks.get(target.full) if target is not None else None
                if task is not None and task.name != name:
                    found.add(dotted)
        return found

    @property
    def instances(self) -> list[str]:
        """Return the dotted paths of the Huey objects the project makes."""
        found = []
        for source in self.project.relevant:
            for name, bindings in source.survey.scope.bindings.items():
                if any(self._creates(binding, source) for binding in bindings):
                    found.append(f"{source.name}.{name}")
        return sorted(found)

    def queue_of(self, task: HueyTask) -> str:
        """Return the queue of the Huey object a task hangs on, empty for the default one.

        The first object is the default one, where the project has none of the settings.
        """
        made = task.maker.huey
        if not made or made == self.default_instance:
            return ""
        return made.rpartition(".")[2]

    @property
    def default_instance(self) -> str:
        """Return the Huey object whose queue is the default one, empty for that of the settings."""
        used = [task.maker for task in self.tasks.values() if not task.hidden]
        if not used or any(not maker.huey for maker in used):
            return ""
        return used[0].huey

    def maker(self, target: Target) -> Maker | None:
        """Return the decorator a name stands for, None when it makes no tasks."""
        full = target.full
        holder, _, name = full.rpartition(".")
        if name not in DECORATORS:
            return None
        many = holder == DJANGO_HUEY or holder.startswith(f"{DJANGO_HUEY}.")
        if not (many or holder in _OF_DJHUEY or self.is_huey(target)):
            return None
        made = Made.PERIODIC if name in PERIODIC else Made.TASK
        made = Made.ON_COMMIT if name in ON_COMMIT else made
        plain = not many and holder not in _OF_DJHUEY
        return Maker(made, name, holder if plain else "", many)

    def is_factory(self, target: Target) -> bool:
        """Does the name stand for a decorator that makes tasks?"""
        return self.maker(target) is not None

    def method(self, target: Target) -> str:
        """Return what is read from a Huey object or from its modules for Django, if anything is."""
        full = target.full
        for holder in sorted((*_OF_DJHUEY, DJANGO_HUEY), key=len, reverse=True):
            if full.startswith(f"{holder}."):
                return full.removeprefix(f"{holder}.")
        return ".".join(target.rest) if target.rest and self.is_huey(target) else ""

    def is_huey(self, target: Target) -> bool:
        """Is what is read from a Huey object that the project makes?"""
        if target.source is None or target.binding is None:
            return False
        if target.dotted not in self._instances:
            self._instances[target.dotted] = False
            same = target.source.survey.scope.bindings.get(target.binding.name, [])
            made = any(self._creates(one, target.source) for one in same)
            self._instances[target.dotted] = made
        return self._instances[target.dotted]

    def _creates(self, binding: Binding, source: Source) -> bool:
        value = binding.value
        if binding.kind is not BindingKind.ASSIGN or not isinstance(value, cst.Call):
            return False
        target = self._resolve(value.func, binding.frame.scope, source)
        return target is not None and self._makes_huey(target)

    def _makes_huey(self, target: Target, depth: int = 0) -> bool:
        """Is the target a class of Huey's, a subclass, or a function that calls one of them?"""
        if target.source is None:
            return INSTANCE_CLASS.match(target.full) is not None
        if target.binding is None or target.rest or depth > _DEPTH:
            return False
        node = target.binding.frame.node
        scope = target.source.survey.scope
        names: list[cst.BaseExpression] = []
        if isinstance(node, cst.ClassDef):
            names = [base.value for base in node.bases]
        elif isinstance(node, cst.FunctionDef):
            names = [inner.func for inner in descendants(node.body) if isinstance(inner, cst.Call)]
        found = (self._resolve(name, scope, target.source) for name in names)
        return any(one is not None and self._makes_huey(one, depth + 1) for one in found)

    # Decorators

    def _task(self, source: Source, frame: Frame) -> HueyTask | None:
        assert isinstance(frame.node, cst.FunctionDef)
        for index, decorator in enumerate(frame.node.decorators):
            made = self._read(source, frame, index, decorator)
            if made is not None:
                return made
        return None

    def _read(
        self, source: Source, frame: Frame, index: int, decorator: cst.Decorator
    ) -> HueyTask | None:
        assert isinstance(frame.node, cst.FunctionDef)
        holder = Frame(decorator, frame, frame.scope)
        value = decorator.decorator
        call = Frame(value, holder, frame.scope) if isinstance(value, cst.Call) else None
        func = value.func if isinstance(value, cst.Call) else value
        target = self._resolve(func, frame.scope, source)
        if target is None:
            return None
        key = f"{source.name}.{frame.node.name.value}"
        maker = self.maker(target)
        if maker is not None:
            return self._made(key, source, frame, index, holder, call, maker)
        if self.project.is_outside(target):
            return None
        alias = self._alias(target)
        if alias is not None:
            maker = self._maker_of(alias)
            task = HueyTask(key, source, frame, index, holder, alias.options, maker, alias=alias)
            task.hidden = alias.misused(call.node if call is not None else None)
            if maker.made is Made.PERIODIC:
                task.hidden = "a decorator the project made has the schedule of several tasks"
            return task
        if target.dotted not in self.hidden:
            self.hidden[target.dotted] = self.makers.hidden(target)
        hidden = self.hidden[target.dotted]
        if not hidden:
            return None
        plain = Maker(Made.TASK, "task")
        options = Options(source, call)
        return HueyTask(key, source, frame, index, holder, options, plain, hidden=hidden)

    def _made(
        self,
        key: str,
        source: Source,
        frame: Frame,
        index: int,
        holder: Frame,
        call: Frame | None,
        maker: Maker,
    ) -> HueyTask:
        schedule = _schedule(call) if maker.made is Made.PERIODIC else None
        first = schedule is not None and schedule.keyword is None
        options = self.makers.options(call, source, 1 if first else 0)
        # Not a partial, whose first argument is kept: this one goes to the file of schedules.
        options.leading = 0
        options.found.pop("validate_datetime", None)
        task = HueyTask(key, source, frame, index, holder, options, maker)
        task.schedule = schedule.value if schedule is not None else None
        if call is None:
            task.hidden = f"@{maker.name} is not called, which Huey does not understand"
        elif maker.name == "context_task":
            task.hidden = "context_task wraps the function in a context manager"
        return task

    def _maker_of(self, alias: Alias) -> Maker:
        """Return what an alias makes its tasks with."""
        frame = alias.options.frame
        assert frame is not None
        assert isinstance(frame.node, cst.Call)
        node = frame.node.args[0].value if alias.options.leading else frame.node.func
        target = self._resolve(node, frame.scope, alias.source)
        maker = self.maker(target) if target is not None else None
        return maker or Maker(Made.TASK, "task")

    def _resolve(self, node: cst.BaseExpression, scope: Scope, source: Source) -> Target | None:
        name = dotted_name(node)
        return self.project.resolve_name(tuple(name.split(".")), scope, source) if name else None

    def _alias(self, target: Target) -> Alias | None:
        if target.dotted not in self.aliases:
            alias = self.makers.alias(target)
            if alias is None:
                return None
            self.aliases[target.dotted] = alias
        return self.aliases[target.dotted]

    def _find_aliases(self, source: Source) -> None:
        """Find the decorators a module makes, whether it uses them or not."""
        for name, bindings in source.survey.scope.bindings.items():
            if bindings[0].kind is BindingKind.ASSIGN and isinstance(bindings[0].value, cst.Call):
                self._note_maker(Target(f"{source.name}.{name}", (), source, bindings[0]))
        for chain in source.survey.chains:
            function = chain.frame.scope.function()
            owner = function.frame if function is not None else None
            if owner is None or not isinstance(owner.node, cst.FunctionDef):
                continue
            used = self.project.resolve(chain, source)
            if used is not None and self.is_factory(used):
                binding = Binding(BindingKind.FUNCTION, owner.node.name.value, owner)
                self._note_maker(Target(f"{source.name}.{binding.name}", (), source, binding))

    def _note_maker(self, target: Target) -> None:
        if self._alias(target) is None:
            self.hidden.setdefault(target.dotted, self.makers.hidden(target))

    def _find_created(self, source: Source) -> None:
        """Find `task()(function)`."""
        for chain in source.survey.chains:
            inner = chain.frame.up
            outer = inner.up if inner is not None else None
            if inner is None or outer is None or not isinstance(outer.node, cst.Call):
                continue
            if outer.node.func is not inner.node or not _calls(inner, chain.frame):
                continue
            if outer.scope.parent is not None:
                continue  # a decorator that the project makes
            target = self.project.resolve(chain, source)
            if target is not None and self.is_factory(target):
                self.created.append((source, outer))


def _calls(frame: Frame, func: Frame) -> bool:
    return isinstance(frame.node, cst.Call) and frame.node.func is func.node


def _schedule(call: Frame | None) -> cst.Arg | None:
    """Return the argument that says when a periodic task is due."""
    found: Iterator[cst.Arg] = iter(())
    if call is not None and isinstance(call.node, cst.Call):
        found = (
            arg
            for at, arg in enumerate(call.node.args)
            if not arg.star
            and (arg.keyword.value == "validate_datetime" if arg.keyword else at == 0)
        )
    return next(found, None)

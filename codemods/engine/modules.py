"""Resolve names across modules, imports and re-exports followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from codemods.engine.outline import Outline
from codemods.engine.scope import Binding, BindingKind, Chain, Scope
from codemods.engine.source import Source, Unparsable
from codemods.engine.survey import dotted_name

_DEPTH = 25


@dataclass(frozen=True, slots=True)
class Target:
    """What a name stands for: something a project module defines, or something outside."""

    dotted: str
    """`package.module.name` as the place of definition has it."""
    rest: tuple[str, ...] = ()
    """The attributes read from it."""
    source: Source | None = None
    binding: Binding | None = None

    @property
    def full(self) -> str:
        """Return the dotted name with the attributes."""
        return ".".join((self.dotted, *self.rest))


class Modules:
    """Files by module name."""

    def __init__(self, sources: Iterable[Source], libraries: frozenset[str]) -> None:
        self.libraries = libraries
        """Installed packages whose names no project module can take."""
        self.stand_ins: Mapping[str, str] = {}
        """Dotted names outside the project that mean the same as another one."""
        self.modules: dict[str, Source] = {}
        for source in sources:
            for name in filter(None, source.names):
                # A name below the deepest root outranks one that only a shallower root gives.
                if name not in self.modules or source.name == name:
                    self.modules[name] = source

    @cached_property
    def packages(self) -> set[str]:
        """Return every name that is a package or a directory of modules."""
        return {
            ".".join(parts[:length])
            for name in self.modules
            for parts in [name.split(".")]
            for length in range(1, len(parts))
        }

    def resolve(self, chain: Chain, source: Source) -> Target | None:
        """Return what a use of a name stands for, None when it cannot be known."""
        if not chain.root:
            return None
        return self.resolve_name((chain.root, *chain.parts), chain.frame.scope, source)

    def resolve_name(
        self, names: tuple[str, ...], scope: Scope, source: Source, depth: int = 0
    ) -> Target | None:
        """Return what dotted names stand for in a scope of a file."""
        found = scope.lookup(names[0])
        if found is None:
            return self._starred(source, names, depth)
        owner, bindings = found
        if owner.parent is None:
            return self._in_module(source, names, depth)
        bindings = self._something(bindings)
        if len(bindings) != 1:
            return self._same_import(bindings, names[1:], depth)
        return self._follow(bindings[0], names, source, depth)

    def resolve_dotted(self, dotted: str, depth: int = 0) -> Target | None:
        """Return what an absolute dotted name stands for."""
        if depth > _DEPTH:
            return None
        dotted = self._meant(dotted)
        parts = tuple(dotted.split("."))
        if parts[0] in self.libraries:
            return Target(dotted)
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            source = self.modules.get(name)
            if source is None:
                continue
            if length == len(parts):
                return Target(source.name, (), source)
            return self._in_module(source, parts[length:], depth + 1)
        if parts[0] in self.packages:
            return Target(dotted) if dotted in self.packages else None
        return Target(dotted)

    def _meant(self, dotted: str) -> str:
        """Return the name another library has for what a stand-in of it is called."""
        name = dotted
        while name:
            if name in self.stand_ins:
                return self.stand_ins[name] + dotted[len(name) :]
            name = name.rpartition(".")[0]
        return dotted

    def open(self, target: Target) -> Target | None:
        """Return the target with its definition, the module read if it was not yet."""
        module = target.dotted.rpartition(".")[0]
        source = self.modules.get(module)
        if target.source is not None or source is None:
            return target
        try:
            _ = source.survey
        except Unparsable:
            return None
        return self.resolve_dotted(target.full)

    def is_outside(self, target: Target) -> bool:
        """Does the target belong to an installed package?"""
        top = target.dotted.partition(".")[0]
        if top in self.libraries:
            return True
        return target.source is None and top not in self.packages and top not in self.modules

    def _is_inside(self, dotted: str) -> bool:
        top = dotted.partition(".")[0]
        return top in self.packages or top in self.modules

    def _in_module(self, source: Source, names: tuple[str, ...], depth: int) -> Target | None:
        if depth > _DEPTH:
            return None
        if not source.is_read:
            outline = source.outline
            if outline is not None:
                return self._in_outline(source, outline, names, depth)
        try:
            scope = source.survey.scope
        except Unparsable:
            return None
        bindings = self._something(scope.bindings.get(names[0], []))
        if not bindings:
            return self._starred(source, names, depth)
        if len(bindings) == 1:
            return self._follow(bindings[0], names, source, depth)
        if all(binding.kind is BindingKind.IMPORT for binding in bindings):
            return self._same_import(bindings, names[1:], depth)
        dotted = f"{source.name}.{names[0]}"
        return Target(dotted, names[1:], source, bindings[0])

    def _in_outline(
        self, source: Source, outline: Outline, names: tuple[str, ...], depth: int
    ) -> Target | None:
        """Return what names stand for in a module nobody has read."""
        links = outline.links.get(names[0], [])
        if not links:
            return self._starred(source, names, depth)
        paths = {".".join((link.target, *names[1:])) for link in links}
        if all(link.kind is BindingKind.IMPORT for link in links):
            targets = [self.resolve_dotted(path, depth + 1) for path in sorted(paths)]
            return targets[0] if all(target == targets[0] for target in targets) else None
        if len(links) == 1 and links[0].kind is BindingKind.ASSIGN and links[0].target:
            words = (*links[0].target.split("."), *names[1:])
            if words[0] != names[0]:
                return self._in_module(source, words, depth + 1)
        return Target(f"{source.name}.{names[0]}", names[1:])

    def _follow(
        self, binding: Binding, names: tuple[str, ...], source: Source, depth: int
    ) -> Target | None:
        if binding.kind is BindingKind.IMPORT:
            return self.resolve_dotted(".".join((binding.target, *names[1:])), depth + 1)
        alias = dotted_name(binding.value) if binding.kind is BindingKind.ASSIGN else ""
        if alias and depth < _DEPTH:
            words = tuple(alias.split("."))
            scope = binding.frame.scope
            if words[0] != names[0]:
                return self.resolve_name((*words, *names[1:]), scope, source, depth + 1)
        if binding.frame.scope.parent is not None or binding.kind is BindingKind.PARAMETER:
            return None
        return Target(f"{source.name}.{names[0]}", names[1:], source, binding)

    def _something(self, bindings: list[Binding]) -> list[Binding]:
        """Leave out the `x = None` beside an import of the project that failed or comes later."""
        imports = [each for each in bindings if each.kind is BindingKind.IMPORT]
        if not imports or not all(self._is_inside(each.target) for each in imports):
            return bindings
        return [
            each
            for each in bindings
            if each.kind is not BindingKind.ASSIGN or dotted_name(each.value) != "None"
        ]

    def _same_import(
        self, bindings: list[Binding], rest: tuple[str, ...], depth: int
    ) -> Target | None:
        if any(binding.kind is not BindingKind.IMPORT for binding in bindings):
            return None
        targets = [
            self.resolve_dotted(".".join((binding.target, *rest)), depth + 1)
            for binding in bindings
        ]
        first = targets[0]
        return first if all(target == first for target in targets) else None

    def _starred(self, source: Source, names: tuple[str, ...], depth: int) -> Target | None:
        for module in self._star_modules(source):
            target = self.resolve_dotted(".".join((module, *names)), depth + 1)
            if target is not None and self._is_defined(target):
                return target
        return None

    def _is_defined(self, target: Target) -> bool:
        """Is the target a name some project module binds, read or not?"""
        if target.source is not None:
            return target.binding is not None
        return target.dotted.rpartition(".")[0] in self.modules

    def _star_modules(self, source: Source) -> list[str]:
        outline = None if source.is_read else source.outline
        if outline is not None:
            return outline.stars
        try:
            return source.survey.stars
        except Unparsable:
            return []

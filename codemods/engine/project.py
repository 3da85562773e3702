"""Resolve names across the modules of a project, imports and re-exports followed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from codemods.engine.roots import Roots, imported_names
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


class Project:
    """The files of one run, by module name."""

    def __init__(self, sources: Iterable[Source], libraries: frozenset[str]) -> None:
        self.libraries = libraries
        """Installed packages whose names no project module can take."""
        self.sources = sorted(sources, key=lambda source: source.label)
        self.modules: dict[str, Source] = {}
        for source in self.sources:
            for name in filter(None, source.names):
                # A name below the deepest root outranks one that only a shallower root gives.
                if name not in self.modules or source.name == name:
                    self.modules[name] = source
        self.selected: set[Source] = set()
        """The files that matter to this codemod; the others are parsed only when asked for."""
        self.unparsable: dict[Source, Unparsable] = {}

    def select(
        self, pattern: re.Pattern[bytes], beside: Mapping[bytes, set[bytes]] | None = None
    ) -> list[Source]:
        """Add the files whose bytes match to the selection and return the new ones.

        A match that is a key of `beside` counts only in a file with one of its words as well.
        """
        chosen = [
            source
            for source in self.sources
            if source not in self.selected
            and source not in self.unparsable
            and _matches(source.data, pattern, beside)
        ]
        readable: list[Source] = []
        for source in chosen:
            try:
                _ = source.survey
            except Unparsable as error:
                self.unparsable[source] = error
            else:
                readable.append(source)
        self.selected.update(readable)
        return readable

    @property
    def relevant(self) -> list[Source]:
        """Return the selected files in a stable order."""
        return [source for source in self.sources if source in self.selected]

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
        if len(bindings) != 1:
            return self._same_import(bindings, names[1:], depth)
        return self._follow(bindings[0], names, source, depth)

    def resolve_dotted(self, dotted: str, depth: int = 0) -> Target | None:
        """Return what an absolute dotted name stands for."""
        if depth > _DEPTH:
            return None
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

    def _in_module(self, source: Source, names: tuple[str, ...], depth: int) -> Target | None:
        if depth > _DEPTH:
            return None
        if not source.is_read and _defines(source, names[0]):
            return Target(f"{source.name}.{names[0]}", names[1:])
        try:
            scope = source.survey.scope
        except Unparsable:
            return None
        bindings = scope.bindings.get(names[0], [])
        if not bindings:
            return self._starred(source, names, depth)
        if len(bindings) == 1:
            return self._follow(bindings[0], names, source, depth)
        if all(binding.kind is BindingKind.IMPORT for binding in bindings):
            return self._same_import(bindings, names[1:], depth)
        dotted = f"{source.name}.{names[0]}"
        return Target(dotted, names[1:], source, bindings[0])

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
            if target is not None and target.source is not None and target.binding is not None:
                return target
        return None

    def _star_modules(self, source: Source) -> Iterator[str]:
        try:
            yield from source.survey.stars
        except Unparsable:
            return


def _matches(
    data: bytes, pattern: re.Pattern[bytes], beside: Mapping[bytes, set[bytes]] | None
) -> bool:
    if beside is None:
        return pattern.search(data) is not None
    return any(any(word in data for word in beside[name]) for name in set(pattern.findall(data)))


def _defines(source: Source, name: str) -> bool:
    """Does an unread module define the name itself, rather than pass another one on?"""
    pattern = rb"^(?:(?:class|def|async def)[ \t]+%b\b|%b[ \t]*=(?![ \t]*[\w.]+[ \t]*\r?$))"
    pattern %= (name.encode(), name.encode())
    return re.search(pattern, source.data, re.MULTILINE) is not None


def load(
    paths: list[Path],
    files: list[Path],
    evidence: re.Pattern[bytes],
    libraries: frozenset[str] = frozenset(),
    overlay: Mapping[Path, bytes] = MappingProxyType({}),
) -> Project:
    """Read every file and name its module; files with evidence say how modules are imported.

    The overlay has the bytes of files that are not on disk yet.
    """
    bases = [path.resolve() if path.is_dir() else path.resolve().parent for path in paths]
    resolved = [file.resolve() for file in files]
    contents = {file: overlay[file] if file in overlay else file.read_bytes() for file in resolved}
    imported: set[str] = set()
    for data in contents.values():
        if evidence.search(data):
            imported |= imported_names(data)
    imported = {name for name in imported if name.partition(".")[0] not in libraries}
    imported = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    roots = Roots([path.resolve() for path in paths], contents, imported)
    sources = [
        Source(file, _label(file, bases), roots.module_names(file), data)
        for file, data in contents.items()
    ]
    return Project(sources, libraries)


def _label(path: Path, bases: list[Path]) -> str:
    here = Path.cwd()
    for base in (here, *bases):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.as_posix()

"""Where Django's settings are: modules and classes that say INSTALLED_APPS, and their heirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.project import Project
from codemods.engine.scope import Binding, BindingKind, Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame

APPS = "INSTALLED_APPS"


@dataclass(slots=True, eq=False)
class Home:
    """A module or a class of settings."""

    source: Source
    scope: Scope
    parts: list[Home] = field(default_factory=list)
    """What it takes in that is no settings module by itself, outermost last."""
    parent: str = ""
    """How a child names the class it inherits TASKS from."""
    above: Home | None = None
    """The home it inherits from."""

    @property
    def is_class(self) -> bool:
        """Are the settings attributes of a class?"""
        return self.scope.parent is not None

    @property
    def body(self) -> list[cst.CSTNode]:
        """Return the statements of the module or the class."""
        if not self.is_class:
            return list(self.source.tree.body)
        assert self.scope.frame is not None
        assert isinstance(self.scope.frame.node, cst.ClassDef)
        return list(self.scope.frame.node.body.body)

    @property
    def place(self) -> Frame:
        """Return the frame the statements hang on."""
        if not self.is_class:
            return Frame(self.source.tree, None, self.scope)
        assert self.scope.frame is not None
        assert isinstance(self.scope.frame.node, cst.ClassDef)
        return Frame(self.scope.frame.node.body, self.scope.frame, self.scope)

    def own(self, name: str) -> list[Binding]:
        """Return the assignments of a setting here."""
        return self.scope.bindings.get(name, [])

    def all(self) -> Iterator[tuple[Home, str, Binding]]:
        """Yield each name that is bound here or in a part, the parts' first."""
        for part in self.parts:
            yield from part.all()
        for name, bindings in self.scope.bindings.items():
            for binding in bindings:
                yield self, name, binding

    def is_plain(self, frame: Frame) -> bool:
        """Is the statement one of the body's own, not one inside an `if`?"""
        statement = statement_of(frame).node
        return any(statement is node for node in self.body)


@dataclass(slots=True, eq=False)
class Settings:
    """The project's homes of settings."""

    bases: list[Home] = field(default_factory=list)
    """Those that define INSTALLED_APPS."""
    children: list[Home] = field(default_factory=list)
    """Those that star-import or inherit one of them."""

    @property
    def homes(self) -> list[Home]:
        """Return them all, the bases first."""
        return [*self.bases, *self.children]

    @property
    def modules(self) -> list[Source]:
        """Return the files they are in, and those of their parts."""
        found: dict[Source, None] = {}
        for home in self.homes:
            for part in (home, *home.parts):
                found[part.source] = None
        return list(found)


def find_settings(project: Project) -> Settings:
    """Return the settings among the selected files."""
    settings = Settings()
    for source in project.relevant:
        for scope in _scopes(source):
            if any(_defines(binding, scope) for binding in scope.bindings.get(APPS, ())):
                settings.bases.append(Home(source, scope))
    homes = {id(home.scope): home for home in settings.bases}
    grown = True
    while grown:
        grown = False
        for source in project.relevant:
            for scope in _scopes(source):
                found = _inherits(project, source, scope, homes)
                if id(scope) not in homes and found is not None:
                    child = Home(source, scope, parent=found[0], above=found[1])
                    homes[id(scope)] = child
                    settings.children.append(child)
                    grown = True
    for base in list(settings.bases):
        others = {key: home for key, home in homes.items() if home is not base}
        found = _inherits(project, base.source, base.scope, others)
        if found is not None and not _literal(base):
            base.parent, base.above = found
            settings.bases.remove(base)
            settings.children.append(base)
    for home in settings.homes:
        home.parts = _parts(project, home, set(homes))
    return settings


def _scopes(source: Source) -> list[Scope]:
    """Return the scope of a module and those of its classes."""
    top = source.survey.scope
    return [top, *(scope for scope in source.survey.class_scopes if scope.parent is top)]


def _defines(binding: Binding, scope: Scope) -> bool:
    if binding.frame.scope is not scope:
        return False
    if scope.parent is None:
        return binding.kind is BindingKind.ASSIGN
    return binding.kind in {BindingKind.ASSIGN, BindingKind.FUNCTION}


def _literal(home: Home) -> bool:
    """Does it write the apps out, owing nothing to another?"""
    bindings = home.own(APPS)
    return bool(bindings) and all(
        isinstance(binding.value, (cst.List, cst.Tuple)) and not _spread(binding.value)
        for binding in bindings
    )


def _spread(node: cst.List | cst.Tuple) -> bool:
    return any(isinstance(element, cst.StarredElement) for element in node.elements)


def _inherits(
    project: Project, source: Source, scope: Scope, homes: dict[int, Home]
) -> tuple[str, Home] | None:
    """Return the home these settings inherit from, and what they call it."""
    if scope.parent is None:
        modules = {home.source.name: home for home in homes.values() if not home.is_class}
        stars = [name for name in source.survey.stars if name in modules and name != source.name]
        return ("", modules[stars[-1]]) if stars else None
    for name, parent in _bases(project, source, scope):
        if id(parent) in homes:
            return name, homes[id(parent)]
    return None


def _bases(project: Project, source: Source, scope: Scope) -> Iterator[tuple[str, Scope]]:
    """Yield the classes of the project that a class inherits, as it names them."""
    frame = scope.frame
    if frame is None or not isinstance(frame.node, cst.ClassDef):
        return
    for base in frame.node.bases:
        name = dotted_name(base.value)
        target = project.resolve_name(tuple(name.split(".")), frame.scope, source) if name else None
        target = project.open(target) if target is not None else None
        if target is None or target.source is None or target.binding is None or target.rest:
            continue
        for inner in target.source.survey.class_scopes:
            if inner.frame is not None and inner.frame.node is target.binding.frame.node:
                yield name, inner


def _parts(project: Project, home: Home, taken: set[int]) -> list[Home]:
    found: list[Home] = []
    if home.is_class:
        for _, scope in _bases(project, home.source, home.scope):
            if id(scope) not in taken:
                source = _source_of(project, scope)
                if source is not None:
                    found.append(Home(source, scope))
        return found
    for name in home.source.survey.stars:
        source = project.modules.get(name)
        if source in project.selected and id(source.survey.scope) not in taken:
            found.append(Home(source, source.survey.scope))
    return found


def _source_of(project: Project, scope: Scope) -> Source | None:
    return next(
        (
            source
            for source in project.relevant
            if any(scope is other for other in source.survey.class_scopes)
        ),
        None,
    )

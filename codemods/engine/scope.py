"""What a name means in a module: scopes, bindings, and the places names are used."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from codemods.engine.tree import Frame


class ScopeKind(StrEnum):
    """Where names live."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    COMPREHENSION = "comprehension"


class BindingKind(StrEnum):
    """How a name came to be."""

    IMPORT = "import"
    FUNCTION = "function"
    CLASS = "class"
    ASSIGN = "assign"
    PARAMETER = "parameter"
    OTHER = "other"


@dataclass(slots=True, eq=False)
class Binding:
    """One place that gives a name a value."""

    kind: BindingKind
    name: str
    frame: Frame
    target: str = ""
    """The dotted name an import brings in."""
    value: cst.BaseExpression | None = None
    """The expression assigned, when the name is its whole target."""


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a module, class, function or comprehension."""

    kind: ScopeKind
    parent: Scope | None
    frame: Frame | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outer_names: set[str] = field(default_factory=set)
    """Names declared global or nonlocal here."""

    def bind(self, binding: Binding) -> None:
        """Add a binding."""
        self.bindings.setdefault(binding.name, []).append(binding)

    def lookup(self, name: str) -> tuple[Scope, list[Binding]] | None:
        """Return the scope that binds the name as seen from here, and its bindings."""
        scope: Scope | None = self
        while scope is not None:
            visible = scope is self or scope.kind is not ScopeKind.CLASS
            if visible and name in scope.bindings and name not in scope.outer_names:
                return scope, scope.bindings[name]
            scope = scope.parent
        return None

    def module(self) -> Scope:
        """Return the module scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def function(self) -> Scope | None:
        """Return the innermost enclosing function scope."""
        scope: Scope | None = self
        while scope is not None and scope.kind is not ScopeKind.FUNCTION:
            scope = scope.parent
        return scope


@dataclass(slots=True, eq=False)
class Chain:
    """A use of a name with the attributes read from it: `tasks.send.delay`."""

    root: str
    """The first name; empty when the chain starts with something else, such as a call."""
    parts: tuple[str, ...]
    frame: Frame
    """The frame of the outermost attribute, or of the name when there are no attributes."""
    stored: bool = False
    """Is it assigned to or deleted?"""

    @property
    def dotted(self) -> str:
        """Return the chain as written."""
        return ".".join((self.root, *self.parts)) if self.root else ".".join(self.parts)


@dataclass(slots=True, eq=False)
class Text:
    """A string literal whose content looks like a dotted path."""

    value: str
    frame: Frame


@dataclass(slots=True, eq=False)
class Survey:
    """Everything later steps ask about one module."""

    scope: Scope
    chains: list[Chain] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    functions: list[Frame] = field(default_factory=list)
    class_scopes: list[Scope] = field(default_factory=list)
    """The scope of every class body."""
    stars: list[str] = field(default_factory=list)
    imports: list[Frame] = field(default_factory=list)
    """Every import statement."""
    local_names: set[str] = field(default_factory=set)
    """Every name some function, class or comprehension binds for itself."""

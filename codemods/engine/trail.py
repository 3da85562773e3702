"""How a name is followed to what it stands for, step by step, in words."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.position import positions
from codemods.engine.project import Project
from codemods.engine.scope import Binding, BindingKind, Scope
from codemods.engine.source import Source, Unparsable
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame

_DEPTH = 25
_WHAT = {
    BindingKind.FUNCTION: "a function",
    BindingKind.CLASS: "a class",
    BindingKind.PARAMETER: "a parameter: what arrives there is not known",
    BindingKind.ASSIGN: "assigned",
}


class Trail:
    """Follows names as Project does, and tells of it."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def steps(self, names: tuple[str, ...], scope: Scope, source: Source) -> Iterator[str]:
        """Yield what is found on the way from some names to their definition."""
        found = scope.lookup(names[0])
        bindings = found[1] if found is not None else []
        yield from self._bindings(names, bindings, source, 0)

    def place(self, source: Source, frame: Frame) -> str:
        """Return where a node is."""
        line, _ = positions(source.tree, source.data, [frame]).get(id(frame.node), (1, 0))
        return f"{source.label}:{line}"

    def _bindings(
        self, names: tuple[str, ...], bindings: list[Binding], source: Source, depth: int
    ) -> Iterator[str]:
        name = names[0]
        if depth > _DEPTH:
            yield f"{name} leads in a circle"
        elif not bindings:
            yield from self._starred(names, source, depth)
        elif len(bindings) > 1 and any(b.kind is not BindingKind.IMPORT for b in bindings):
            places = ", ".join(self.place(source, binding.frame) for binding in bindings)
            yield f"{name} gets its value in several places: {places}"
        else:
            yield from self._binding(names, bindings[0], source, depth)

    def _binding(
        self, names: tuple[str, ...], binding: Binding, source: Source, depth: int
    ) -> Iterator[str]:
        name, place = names[0], self.place(source, binding.frame)
        if binding.kind is BindingKind.IMPORT:
            yield f"{name} is imported at {place}: {binding.target}"
            yield from self._dotted((*binding.target.split("."), *names[1:]), depth + 1)
            return
        other = dotted_name(binding.value) if binding.kind is BindingKind.ASSIGN else ""
        if other and other.partition(".")[0] != name:
            yield f"{name} is another name for {other}, {place}"
            words = tuple(other.split("."))
            found = binding.frame.scope.lookup(words[0])
            bindings = found[1] if found is not None else []
            yield from self._bindings((*words, *names[1:]), bindings, source, depth + 1)
            return
        what = _WHAT.get(binding.kind, "bound")
        if binding.kind is BindingKind.ASSIGN and binding.value is not None:
            what = f"assigned {_short(binding.value)}"
        yield f"{name} is {what}, {place}"

    def _dotted(self, names: tuple[str, ...], depth: int) -> Iterator[str]:
        for length in range(len(names), 0, -1):
            source = self.project.modules.get(".".join(names[:length]))
            if source is None or names[0] in self.project.libraries:
                continue
            if length == len(names):
                yield f"{source.name} is the module {source.label}"
                return
            try:
                bindings = source.survey.scope.bindings.get(names[length], [])
            except Unparsable as error:
                yield f"{source.label} cannot be parsed: {error.message}"
                return
            yield from self._bindings(names[length:], bindings, source, depth)
            return
        yield f"{'.'.join(names)} is not among the files of this project"

    def _starred(self, names: tuple[str, ...], source: Source, depth: int) -> Iterator[str]:
        for module in source.survey.stars:
            target = self.project.resolve_dotted(".".join((module, *names)))
            if target is not None and target.binding is not None:
                yield f"{names[0]} comes with `from {module} import *` in {source.label}"
                yield from self._dotted((*module.split("."), *names), depth + 1)
                return
        yield f"{names[0]} is bound nowhere in {source.label}"


def _short(node: cst.BaseExpression) -> str:
    first, *more = code(node).splitlines()
    return f"{first} ..." if more else first

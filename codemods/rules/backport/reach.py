"""May a name that a module imports be called something else?"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from codemods.engine.scope import Binding, Chain
from codemods.engine.source import Source
from codemods.engine.tree import Frame, descendants
from codemods.rules.backport.names import below
from codemods.rules.backport.study import Study, bindings_of


def may_rename(study: Study, source: Source, frame: Frame, old: str, new: str) -> bool:
    """Is the name only used here, by code that can be rewritten, and the new one free?"""
    bindings = frame.scope.bindings.get(old, [])
    top = source.survey.scope
    taken = new in frame.scope.bindings or new in top.bindings or new in source.survey.local_names
    if len(bindings) != 1 or bindings[0].frame is not frame or taken:
        return False
    word = re.compile(rf"\b{re.escape(old)}\b")
    in_strings = any(
        word.search(node.raw_value) and " " not in node.raw_value.strip()
        for node in descendants(source.tree)
        if isinstance(node, cst.SimpleString)
    )
    return not in_strings and not (frame.scope is top and is_exported(study, source, old))


def is_exported(study: Study, source: Source, name: str) -> bool:
    """Does another module of the project take the name from this one?"""
    paths = {f"{module}.{name}" for module in source.names if module}
    modules = {module for module in source.names if module}
    for other in study.project.relevant:
        if other is source:
            continue
        if modules.intersection(other.survey.stars):
            return True
        if any(binding.target in paths for binding in _imports(other)):
            return True
        if any(below(text.value, paths) for text in other.survey.texts):
            return True
        for chain in other.survey.chains:
            if name in chain.parts and paths & set(_written(chain)):
                return True
    return False


def _imports(source: Source) -> Iterator[Binding]:
    for frame in source.survey.imports:
        for bindings in frame.scope.bindings.values():
            yield from (binding for binding in bindings if binding.frame is frame)


def _written(chain: Chain) -> Iterator[str]:
    """Yield each path that a chain follows, as its imports spell it."""
    for binding in bindings_of(chain):
        for length in range(1, len(chain.parts) + 1):
            yield ".".join((binding.target or binding.name, *chain.parts[:length]))


def uses(source: Source, frame: Frame, local: str) -> list[Chain]:
    """Return the chains that begin with the name an import binds."""
    return [
        chain
        for chain in source.survey.chains
        if chain.root == local and any(b.frame is frame for b in bindings_of(chain))
    ]

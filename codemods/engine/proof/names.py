"""The names a module binds and those it looks up, read quickly."""

from __future__ import annotations

import re
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codemods.engine.source import parse
from codemods.engine.survey import survey

_ALL = re.compile(rb"^__all__[^\n]*?[\[(](.*?)[\])]", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(rb"""["'](\w+)["']""")


@dataclass(frozen=True, slots=True)
class ModuleNames:
    """What a module binds at its top, and what its code takes from there."""

    bound: frozenset[str]
    used: frozenset[str]
    """Names looked up in the module or the builtins, those in `__all__` included."""


def names_of(data: bytes, path: Path) -> ModuleNames:
    """Return the names of a module. Raises Unparsable."""
    exported = frozenset(
        name.decode() for names in _ALL.findall(data) for name in _QUOTED.findall(names)
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Bytes are taken as compile() takes them, with their cookie.
            top = symtable.symtable(data, str(path), "exec")  # type: ignore[arg-type]
    except (SyntaxError, ValueError, RecursionError):
        found = _surveyed(data, path)  # newer than this Python, or nested too deeply for it
    else:
        found = _tabled(top)
    return ModuleNames(found.bound, found.used | exported)


def _tabled(top: symtable.SymbolTable) -> ModuleNames:
    bound = {
        symbol.get_name()
        for symbol in top.get_symbols()
        if symbol.is_assigned() or symbol.is_imported()
    }
    used: set[str] = set()
    for table in _tables(top):
        for symbol in table.get_symbols():
            if symbol.is_declared_global() and symbol.is_assigned():
                bound.add(symbol.get_name())
            if symbol.is_referenced() and (table is top or symbol.is_global()):
                used.add(symbol.get_name())
    return ModuleNames(frozenset(bound), frozenset(used))


def _tables(top: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    stack = [top]
    while stack:
        table = stack.pop()
        yield table
        stack.extend(table.get_children())


def _surveyed(data: bytes, path: Path) -> ModuleNames:
    seen = survey(parse(data, path), "")
    top = seen.scope
    used = set()
    for chain in seen.chains:
        found = chain.frame.scope.lookup(chain.root)
        if chain.root and (found is None or found[0] is top):
            used.add(chain.root)
    return ModuleNames(frozenset(top.bindings), frozenset(used))

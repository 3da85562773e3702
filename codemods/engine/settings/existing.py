"""A TASKS setting that is there already."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.literals import mapping, string, strings_in, text
from codemods.engine.outcome import Outcome
from codemods.engine.settings.homes import Home
from codemods.engine.site import Kind
from codemods.engine.todo import statement_of
from codemods.engine.tree import way_to


def missing_queues(home: Home, queues: set[str], rule: str) -> Iterator[Outcome]:
    """Yield the edit that lists queues a TASKS setting lacks, under the code of a rule."""
    binding = home.own("TASKS")[0]
    statement = statement_of(binding.frame)
    listed = set(strings_in(binding.value)) if binding.value is not None else set()
    missing = sorted(queues - listed)
    if not missing:
        return
    found = _queues(binding.value)
    if isinstance(found, (cst.List, cst.Tuple)) and not found.elements:
        return
    names = ", ".join(map(repr, missing))
    place = way_to(statement, found) if isinstance(found, cst.List) else None
    if place is None:
        reason = f"add {names} to QUEUES of the TASKS setting"
        yield Outcome(home.source, statement, rule, Kind.PERSON, reason)
        return
    outcome = Outcome(home.source, place, rule, Kind.REWRITE, f"QUEUES lists {names}")
    outcome.edit(place, lambda node: _with_names(node, missing))
    yield outcome


def strings_of(home: Home) -> set[str]:
    """Return every string literal of a TASKS setting."""
    value = home.own("TASKS")[0].value
    return set(strings_in(value)) if value is not None else set()


def without_aliases(home: Home, expression: str | None, rule: str) -> Iterator[Outcome]:
    """Yield that a TASKS setting does not name the file of custom names."""
    binding = home.own("TASKS")[0]
    default = (mapping(binding.value) or {}).get("default")
    options = mapping((mapping(default) or {}).get("OPTIONS"))
    if expression is None or (options is not None and "ALIASES" in options):
        return
    reason = f'add "ALIASES": {expression} to OPTIONS of the TASKS setting'
    statement = statement_of(binding.frame)
    yield Outcome(home.source, statement, rule, Kind.PERSON, reason)


def _queues(value: cst.BaseExpression | None) -> cst.BaseExpression | None:
    default = (mapping(value) or {}).get("default")
    return (mapping(default) or {}).get("QUEUES")


def _with_names(node: cst.List, names: list[str]) -> cst.CSTNode:
    elements = list(node.elements)
    last = elements[-1]
    present = {string(element.value) for element in elements}
    separator = elements[0].comma if len(elements) > 1 else None
    if not isinstance(separator, cst.Comma):
        separator = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    new = [cst.Element(text(name), comma=separator) for name in names if name not in present]
    if not new:
        return node
    elements[-1] = last.with_changes(comma=separator)
    new[-1] = new[-1].with_changes(comma=last.comma)
    return node.with_changes(elements=[*elements, *new])

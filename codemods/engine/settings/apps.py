"""`"bridge"` joins INSTALLED_APPS."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.outcome import Outcome
from codemods.engine.scope import Binding, BindingKind
from codemods.engine.settings.block import statements
from codemods.engine.settings.homes import APPS, Home
from codemods.engine.site import Kind
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame, descendants, way_to

_ADDED = 'INSTALLED_APPS = [*INSTALLED_APPS, "bridge"]\n'


def install(home: Home, rule: str) -> Outcome:
    """Return the edit that adds the app, or what a person has to do, under the code of a rule."""
    binding = home.own(APPS)[-1]
    place = _literal(home, home.own(APPS)[0])
    if place is not None:
        outcome = Outcome(home.source, place, rule, Kind.REWRITE, '"bridge" is an installed app')
        outcome.edit(place, lambda node: node if installed(node) else _with_bridge(node))
        return outcome
    plain = [found for found in home.own(APPS) if home.is_plain(found.frame)]
    if binding.kind is BindingKind.FUNCTION or not plain:
        reason = 'add "bridge" to the apps this computes'
        return Outcome(home.source, binding.frame, rule, Kind.PERSON, reason)
    anchor = statement_of(plain[-1].frame)
    outcome = Outcome(home.source, anchor, rule, Kind.REWRITE, '"bridge" is an installed app')
    new = statements(_ADDED)
    outcome.edit(anchor, lambda node: cst.FlattenSentinel([node, *new]))
    return outcome


def _literal(home: Home, binding: Binding) -> Frame | None:
    """Return the list that is written out, None if there is none to edit."""
    if binding.kind is BindingKind.FUNCTION:
        return _returned(binding.frame)
    value = binding.value
    if not isinstance(value, (cst.List, cst.Tuple)):
        return None
    return way_to(statement_of(binding.frame), value)


def _returned(function: Frame) -> Frame | None:
    """Return the literal list a function returns, or begins the returned name with."""
    assert isinstance(function.node, cst.FunctionDef)
    nodes = list(descendants(function.node.body))
    returned = [node.value for node in nodes if isinstance(node, cst.Return)]
    if len(returned) != 1:
        return None
    value = returned[0]
    if isinstance(value, cst.Name):
        value = next(
            (
                node.value
                for node in nodes
                if isinstance(node, cst.Assign)
                and isinstance(node.targets[0].target, cst.Name)
                and node.targets[0].target.value == value.value
            ),
            None,
        )
    return way_to(function, value) if isinstance(value, (cst.List, cst.Tuple)) else None


def installed(value: cst.CSTNode | None) -> bool:
    """Does the list name the bridge already?"""
    return any(
        isinstance(element.value, cst.SimpleString) and element.value.raw_value == "bridge"
        for element in getattr(value, "elements", ())
    )


def _with_bridge(node: Any) -> cst.CSTNode:
    elements = list(node.elements)
    quote = next((item.value.quote for item in elements if _is_string(item.value)), '"')
    new = cst.Element(value=cst.SimpleString(f"{quote}bridge{quote}"))
    if not elements:
        return node.with_changes(elements=[new])  # type: ignore[no-any-return]
    last = elements[-1]
    closing = _closing(node)
    if closing is None or not isinstance(closing.whitespace_before, cst.ParenthesizedWhitespace):
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        elements[-1] = last.with_changes(comma=comma)
        return node.with_changes(elements=[*elements, new.with_changes(comma=last.comma)])  # type: ignore[no-any-return]
    before = closing.whitespace_before
    between = before.with_changes(last_line=_item_indent(node, before), empty_lines=[])
    elements[-1] = last.with_changes(comma=cst.Comma(whitespace_after=between))
    end = closing.with_changes(
        whitespace_before=before.with_changes(first_line=cst.TrailingWhitespace())
    )
    changes = {"rbracket": end} if isinstance(node, cst.List) else {"rpar": [end]}
    elements.append(new.with_changes(comma=cst.Comma()))
    return node.with_changes(elements=elements, **changes)  # type: ignore[no-any-return]


def _is_string(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.SimpleString) and node.quote in {'"', "'"}


def _closing(node: cst.List | cst.Tuple) -> cst.RightSquareBracket | cst.RightParen | None:
    if isinstance(node, cst.List):
        return node.rbracket
    return node.rpar[-1] if len(node.rpar) == 1 else None


def _item_indent(
    node: cst.List | cst.Tuple, closing: cst.ParenthesizedWhitespace
) -> cst.SimpleWhitespace:
    opening = node.lbracket if isinstance(node, cst.List) else node.lpar[0]
    if isinstance(opening.whitespace_after, cst.ParenthesizedWhitespace):
        return opening.whitespace_after.last_line
    return cst.SimpleWhitespace(closing.last_line.value + "    ")

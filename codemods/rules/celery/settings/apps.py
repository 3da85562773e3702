"""`"bridge"` joins INSTALLED_APPS."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.celery.literals import text
from codemods.rules.celery.outcome import Outcome

APPS = Rule(
    "CEL502",
    '"bridge" is added to INSTALLED_APPS',
    "The bridge keeps a row per task in a table of its own; run migrate after the rewrite.",
)


def install(source: Source) -> Outcome | None:
    """Return the edit of a literal list, None when there is none to edit."""
    binding = source.survey.scope.bindings["INSTALLED_APPS"][0]
    value = binding.value
    if not isinstance(value, (cst.List, cst.Tuple)) or binding.frame.up is None:
        return None
    frame = binding.frame
    holder = frame.up if isinstance(frame.node, cst.AssignTarget) else frame
    if holder is None:
        return None
    outcome = Outcome(source, holder, APPS.code, Kind.REWRITE, '"bridge" is an installed app')
    place = Frame(value, holder, frame.scope)
    outcome.edit(place, lambda node: node if installed(node) else _with_bridge(node))
    return outcome


def installed(value: cst.CSTNode | None) -> bool:
    """Does the list name the bridge already?"""
    return any(
        isinstance(element.value, cst.SimpleString) and element.value.raw_value == "bridge"
        for element in getattr(value, "elements", ())
    )


def _with_bridge(node: Any) -> cst.CSTNode:
    new = cst.Element(value=text("bridge"))
    elements = list(node.elements)
    if not elements:
        return node.with_changes(elements=[new])  # type: ignore[no-any-return]
    last = elements[-1]
    closing = getattr(node, "rbracket", None)
    if closing is None or not isinstance(closing.whitespace_before, cst.ParenthesizedWhitespace):
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        elements[-1] = last.with_changes(comma=comma)
        return node.with_changes(elements=[*elements, new.with_changes(comma=last.comma)])  # type: ignore[no-any-return]
    before = closing.whitespace_before
    indent = _indent(node, before)
    between = before.with_changes(last_line=cst.SimpleWhitespace(indent), empty_lines=[])
    elements[-1] = last.with_changes(comma=cst.Comma(whitespace_after=between))
    end = before.with_changes(first_line=cst.TrailingWhitespace())
    return node.with_changes(  # type: ignore[no-any-return]
        elements=[*elements, new.with_changes(comma=cst.Comma())],
        rbracket=closing.with_changes(whitespace_before=end),
    )


def _indent(node: cst.List, closing: cst.ParenthesizedWhitespace) -> str:
    opening = node.lbracket.whitespace_after
    if isinstance(opening, cst.ParenthesizedWhitespace):
        return opening.last_line.value
    return closing.last_line.value + "    "

"""`"bridge"` joins INSTALLED_APPS."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
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

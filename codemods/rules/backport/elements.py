"""An element leaves a list, and the comments of its neighbours stay."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.tree import Change


def without(original: cst.List | cst.Tuple, index: int) -> Change:
    """Return the change that removes what stood at a place of the original list."""
    value = original.elements[index].value

    def change(node: Any) -> cst.CSTNode:
        elements = list(node.elements)
        at = next(at for at, item in enumerate(elements) if _same(item.value, value))
        gone = elements.pop(at)
        if at:
            elements[at - 1] = elements[at - 1].with_changes(
                comma=_comma(elements[at - 1].comma, gone.comma)
            )
        if at and at == len(elements) and isinstance(node, cst.List):
            node = _closed_up(node, elements)
        bracket = node.lbracket if isinstance(node, cst.List) else None
        kept = _own_lines(gone.comma)
        if not at and elements and kept and bracket is not None:
            before = bracket.whitespace_after
            if isinstance(before, cst.ParenthesizedWhitespace):
                lines = [*before.empty_lines, *kept]
                bracket = bracket.with_changes(
                    whitespace_after=before.with_changes(empty_lines=lines)
                )
                return node.with_changes(elements=elements, lbracket=bracket)  # type: ignore[no-any-return]
        return node.with_changes(elements=elements)  # type: ignore[no-any-return]

    return change


def _same(one: cst.BaseExpression, other: cst.BaseExpression) -> bool:
    return one is other


def _comma(before: Any, gone: Any) -> Any:
    """Return the comma of the element before the removed one."""
    if not isinstance(gone, cst.Comma):
        # The removed one was the last; a comma with a comment is kept for it.
        return before if _comment(before) else gone
    own, after = before.whitespace_after, gone.whitespace_after
    if isinstance(own, cst.ParenthesizedWhitespace):
        if isinstance(after, cst.ParenthesizedWhitespace):
            lines = [*own.empty_lines, *after.empty_lines]
            after = after.with_changes(first_line=own.first_line, empty_lines=lines)
        elif _comment(before):
            return before
    return gone.with_changes(whitespace_after=after)


def _comment(comma: Any) -> bool:
    after = getattr(comma, "whitespace_after", None)
    return isinstance(after, cst.ParenthesizedWhitespace) and (
        after.first_line.comment is not None or any(line.comment for line in after.empty_lines)
    )


def _closed_up(node: cst.List, elements: list[Any]) -> cst.List:
    """Let the bracket follow the last comma and its comment on the next line, with none between."""
    comma, before = elements[-1].comma, node.rbracket.whitespace_before
    if not _comment(comma) or not isinstance(before, cst.ParenthesizedWhitespace):
        return node
    after = comma.whitespace_after.with_changes(indent=before.indent, last_line=before.last_line)
    elements[-1] = elements[-1].with_changes(comma=comma.with_changes(whitespace_after=after))
    empty = cst.SimpleWhitespace("")
    return node.with_changes(rbracket=node.rbracket.with_changes(whitespace_before=empty))


def _own_lines(comma: Any) -> list[cst.EmptyLine]:
    """Return the comments that stand between the removed element and the next one."""
    after = getattr(comma, "whitespace_after", None)
    return list(after.empty_lines) if isinstance(after, cst.ParenthesizedWhitespace) else []

"""What a mock of apply_async has recorded, put in the shape enqueue sees."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import flat_args
from codemods.engine.literals import integer, string
from codemods.engine.outcome import Outcome
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, way_to
from codemods.rules.celery.calls.shape import read_shape

_LISTS = frozenset({"call_args_list", "mock_calls", "method_calls"})


def recorded(outcome: Outcome, name: str, call: Frame | None) -> list[str] | None:
    """Add the edits of one look into a mock; return the options lost, None if it is not clear."""
    if name == "assert_has_calls" and call is not None:
        assert isinstance(call.node, cst.Call)
        return _expected(outcome, call, call.node.args[0].value) if call.node.args else None
    if name in _LISTS:
        return _compared(outcome)
    return _looked_up(outcome) if name == "call_args" else None


def _compared(outcome: Outcome) -> list[str] | None:
    """Reshape `m.call_args_list == [call(...)]`."""
    frame = outcome.frame
    up = frame.up
    if up is None or not isinstance(up.node, cst.Comparison) or len(up.node.comparisons) != 1:
        return None
    if up.node.left is not frame.node:
        return None
    return _expected(outcome, up, up.node.comparisons[0].comparator)


def _expected(outcome: Outcome, holder: Frame, node: cst.BaseExpression) -> list[str] | None:
    if not isinstance(node, cst.List):
        return None
    lost: set[str] = set()
    found: list[Frame] = []
    for element in node.elements:
        value = element.value
        if not isinstance(value, cst.Call) or dotted_name(value.func).split(".")[-1] != "call":
            return None
        shape = read_shape(value.args)
        place = way_to(holder, value)
        if shape.problem or not shape.literal or place is None:
            return None
        lost.update(shape.options, shape.dropped)
        found.append(place)
    for place in found:
        outcome.edit(place, _reshaped)
    return sorted(lost)


def _reshaped(node: cst.Call) -> cst.CSTNode:
    empty = cst.SimpleWhitespace("")
    args = flat_args(read_shape(node.args).args)
    return node.with_changes(args=args, whitespace_before_args=empty)


def _looked_up(outcome: Outcome) -> list[str] | None:
    """Reshape `m.call_args.kwargs["args"]` and `m.call_args[1]["kwargs"]`."""
    last, key = _read_key(outcome.frame)
    if last is None or key not in {"args", "kwargs"}:
        return None
    as_list = key == "args" and _beside_a_list(last)
    if key == "args" and not as_list and not _indexed_or_compared(last):
        return None

    def change(node: cst.Subscript) -> cst.CSTNode:
        holder = node.value
        assert isinstance(holder, (cst.Attribute, cst.Subscript))
        new: cst.BaseExpression = cst.Attribute(value=holder.value, attr=cst.Name(key))
        if as_list:
            new = cst.Call(func=cst.Name("list"), args=[cst.Arg(new)])
        return new.with_changes(lpar=node.lpar, rpar=node.rpar)

    outcome.edit(last, change)
    return []


def _read_key(frame: Frame) -> tuple[Frame | None, str]:
    """Return the subscript that reads args or kwargs of apply_async from a recorded call."""
    node, up = frame.node, frame.up
    holder: Frame | None = None
    if isinstance(node, cst.Attribute) and node.attr.value == "kwargs":
        holder = frame
    elif up is not None and _index(up.node, node) == 1:
        holder = up
    outer = holder.up if holder is not None else None
    if holder is None or outer is None:
        return None, ""
    return outer, _key(outer.node, holder.node) or ""


def _subscript(node: cst.CSTNode, value: cst.CSTNode) -> cst.BaseExpression | None:
    if not isinstance(node, cst.Subscript) or node.value is not value or len(node.slice) != 1:
        return None
    index = node.slice[0].slice
    return index.value if isinstance(index, cst.Index) else None


def _index(node: cst.CSTNode, value: cst.CSTNode) -> int | None:
    return integer(_subscript(node, value))


def _key(node: cst.CSTNode, value: cst.CSTNode) -> str | None:
    return string(_subscript(node, value))


def _beside_a_list(frame: Frame) -> bool:
    up = frame.up
    if up is None or not isinstance(up.node, cst.Comparison) or up.node.left is not frame.node:
        return False
    return isinstance(up.node.comparisons[0].comparator, cst.List)


def _indexed_or_compared(frame: Frame) -> bool:
    up = frame.up
    if up is None:
        return False
    if isinstance(up.node, cst.Subscript):
        return up.node.value is frame.node
    if isinstance(up.node, cst.Comparison) and up.node.left is frame.node:
        return isinstance(up.node.comparisons[0].comparator, cst.Tuple)
    return False

"""Fit rewritten calls into the line length of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import libcst as cst

from codemods.engine.source import Source
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame

_EMPTY = cst.Module(body=[])


def code(node: cst.CSTNode) -> str:
    """Return the node as source text."""
    return _EMPTY.code_for_node(node)


@dataclass(frozen=True, slots=True)
class Space:
    """The columns around a node, and how its file is indented."""

    indent: str
    step: str
    limit: int
    room: int
    """How many columns the line leaves for the node."""

    def fit(self, node: cst.Call, taken: int = 0) -> cst.Call:
        """Return the call on one line if it fits, else one argument per line."""
        if spans_lines(node) or len(code(node)) <= self.room - taken:
            return node
        return self.spread(node)

    def spread(self, node: cst.Call) -> cst.Call:
        """Return the call with one argument per line, inner calls likewise if they must."""
        spread = exploded(node, self.indent, self.step)
        room_inside = self.limit - len(self.indent) - len(self.step) - 1
        args = []
        for arg in spread.args:
            value = arg.value
            if isinstance(value, cst.Call) and len(code(bare(arg))) > room_inside:
                inner = exploded(value, self.indent + self.step, self.step)
                args.append(arg.with_changes(value=inner))
            else:
                args.append(arg)
        return spread.with_changes(args=args)


def space_for(source: Source, frame: Frame) -> Space:
    """Return the space a node has in its file."""
    whole = statement_space(source, frame)
    statement, indent, room = statement_of(frame), whole.indent, whole.room
    if isinstance(statement.node, cst.SimpleStatementLine):
        text = code(statement.node.with_changes(leading_lines=[])).rstrip("\n")
        before, _, after = text.partition(code(frame.node))
        last = before.rpartition("\n")[2]
        used = (
            len(last) + len(after.partition("\n")[0]) + (len(indent) if "\n" not in before else 0)
        )
        room = source.line_length - used
        if "\n" in before:
            indent = last[: len(last) - len(last.lstrip())]
    return replace(whole, indent=indent, room=room)


def statement_space(source: Source, frame: Frame) -> Space:
    """Return the space of the whole statement a node belongs to."""
    statement = statement_of(frame)
    depth = sum(isinstance(up.node, cst.IndentedBlock) for up in statement.ancestors())
    indent = source.tree.default_indent * depth
    room = source.line_length - len(indent)
    return Space(indent, source.tree.default_indent, source.line_length, room)


def comments_in(node: cst.CSTNode) -> list[cst.Comment]:
    """Return the comments inside a node."""
    return [found for found in _everything(node) if isinstance(found, cst.Comment)]


def _everything(node: cst.CSTNode) -> Sequence[cst.CSTNode]:
    found: list[cst.CSTNode] = []
    stack = [node]
    while stack:
        current = stack.pop()
        found.append(current)
        stack.extend(reversed(current.children))
    return found


def spans_lines(node: cst.CSTNode) -> bool:
    """Does the node take more than one line?"""
    return "\n" in code(node)


def flat_args(args: Sequence[cst.Arg]) -> list[cst.Arg]:
    """Return the arguments separated by a comma and a space."""
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    flat = [bare(arg).with_changes(comma=comma) for arg in args]
    if flat:
        flat[-1] = flat[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return flat


def call(func: cst.BaseExpression, args: Sequence[cst.Arg]) -> cst.Call:
    """Return a call on one line."""
    return cst.Call(func=func, args=flat_args(args))


def exploded(node: cst.Call, indent: str, step: str) -> cst.Call:
    """Return the call with one argument per line."""
    if not node.args:
        return node
    between = _newline(indent + step)
    args = [bare(arg).with_changes(comma=cst.Comma(whitespace_after=between)) for arg in node.args]
    args[-1] = args[-1].with_changes(comma=cst.Comma(whitespace_after=_newline(indent)))
    return node.with_changes(whitespace_before_args=between, args=args)


def _newline(indent: str) -> cst.ParenthesizedWhitespace:
    return cst.ParenthesizedWhitespace(
        first_line=cst.TrailingWhitespace(), indent=False, last_line=cst.SimpleWhitespace(indent)
    )


def bare(arg: cst.Arg) -> Any:
    """Return the argument without the layout around it."""
    return arg.with_changes(
        comma=cst.MaybeSentinel.DEFAULT,
        whitespace_after_arg=cst.SimpleWhitespace(""),
        whitespace_after_star=cst.SimpleWhitespace(""),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        if arg.keyword is not None
        else cst.MaybeSentinel.DEFAULT,
    )

"""Fit rewritten calls into the line length of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import libcst as cst

from codemods.engine.printed import printed
from codemods.engine.source import Source
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame

_EMPTY = cst.Module(body=[])


def code(node: cst.CSTNode) -> str:
    """Return the node as source text."""
    return printed(node, _EMPTY)


@dataclass(frozen=True, slots=True)
class Space:
    """The columns around a node, and how its file is indented."""

    indent: str
    step: str
    limit: int
    room: int
    """How many columns the line leaves for the node."""

    def fit(self, node: cst.Call, taken: int = 0) -> cst.Call:
        """Return the call on one line if it fits, else spread over several."""
        if spans_lines(node):
            longest = max(map(len, code(node).splitlines()[1:]), default=0)
            if len(self.indent) + longest <= self.limit:
                return node
            return self._tightened(node) if comments_in(node) else self.spread(node)
        return node if len(code(node)) <= self.room - taken else self.spread(node)

    def spread(self, node: cst.Call) -> cst.Call:
        """Return the call with its arguments below it: on one line, or on one line each."""
        if not node.args:
            return node
        inner = self.indent + self.step
        together = ", ".join(code(bare(arg)) for arg in node.args)
        if "\n" not in together and len(inner) + len(together) <= self.limit:
            return _hugged(node, self.indent, inner)
        return self._tightened(exploded(node, self.indent, self.step))

    def _tightened(self, node: cst.Call) -> cst.Call:
        """Spread the arguments that are too long for the line they have for themselves."""
        inner = replace(self, indent=self.indent + self.step)
        room = self.limit - len(inner.indent) - 1
        args = []
        for arg in node.args:
            text = code(bare(arg))
            if isinstance(arg.value, cst.Call) and "\n" not in text and len(text) > room:
                args.append(arg.with_changes(value=inner.spread(arg.value)))
            else:
                args.append(arg)
        return node.with_changes(args=args)


def space_for(source: Source, frame: Frame) -> Space:
    """Return the space a node has in its file."""
    whole = statement_space(source, frame)
    statement, indent, room = statement_of(frame), whole.indent, whole.room
    if isinstance(statement.node, cst.SimpleStatementLine):
        text = code(statement.node.with_changes(leading_lines=[])).rstrip("\n")
        before, _, after = text.partition(code(frame.node))
        # Inner lines are generated without the indentation of the block they are in.
        last = indent + before.rpartition("\n")[2]
        room = source.line_length - len(last) - len(after.partition("\n")[0])
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


def _hugged(node: cst.Call, indent: str, inner: str) -> cst.Call:
    """Return the call with all arguments on one line of their own."""
    args = flat_args(node.args)
    args[-1] = args[-1].with_changes(whitespace_after_arg=_newline(indent))
    return node.with_changes(whitespace_before_args=_newline(inner), args=args)


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

"""Parse with LibCST into trees that share their whitespace: half of all nodes are formatting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import libcst as cst


def parse_lean(data: bytes) -> cst.Module:
    """Return the tree; whitespace without a comment is one object wherever it is the same.

    Nothing looks for whitespace by identity, and a tree is a third smaller for it.
    """
    with _sharing():
        return cst.parse_module(data)


class _Shared:
    """Makes formatting nodes as LibCST's native parser asks for them, equal ones once."""

    def __init__(self) -> None:
        # The real classes: while a file is parsed, the package has the methods below instead.
        self.simple_class = cst.SimpleWhitespace
        self.newline_class = cst.Newline
        self.trailing_class = cst.TrailingWhitespace
        self.empty_class = cst.EmptyLine
        self.parenthesized_class = cst.ParenthesizedWhitespace
        self.simple_made: dict[str, cst.SimpleWhitespace] = {}
        self.newline_made: dict[str | None, cst.Newline] = {}
        self.trailing_made: dict[object, cst.TrailingWhitespace] = {}
        self.empty_made: dict[object, cst.EmptyLine] = {}
        self.parenthesized_made: dict[object, cst.ParenthesizedWhitespace] = {}

    def simple(self, value: str) -> cst.SimpleWhitespace:
        found = self.simple_made.get(value)
        if found is None:
            found = self.simple_made[value] = self.simple_class(value)
        return found

    def newline(self, value: str | None = None) -> cst.Newline:
        found = self.newline_made.get(value)
        if found is None:
            found = self.newline_made[value] = self.newline_class(value)
        return found

    def trailing(
        self,
        whitespace: cst.SimpleWhitespace,
        newline: cst.Newline,
        comment: cst.Comment | None = None,
    ) -> cst.TrailingWhitespace:
        if comment is not None:
            return self.trailing_class(whitespace, comment, newline)
        key = (whitespace, newline)
        found = self.trailing_made.get(key)
        if found is None:
            found = self.trailing_made[key] = self.trailing_class(whitespace, None, newline)
        return found

    def empty(
        self,
        indent: bool,
        whitespace: cst.SimpleWhitespace,
        newline: cst.Newline,
        comment: cst.Comment | None = None,
    ) -> cst.EmptyLine:
        if comment is not None:
            return self.empty_class(indent, whitespace, comment, newline)
        key = (indent, whitespace, newline)
        found = self.empty_made.get(key)
        if found is None:
            found = self.empty_made[key] = self.empty_class(indent, whitespace, None, newline)
        return found

    def parenthesized(
        self,
        first_line: cst.TrailingWhitespace,
        empty_lines: list[cst.EmptyLine],
        indent: bool,
        last_line: cst.SimpleWhitespace,
    ) -> cst.ParenthesizedWhitespace:
        if empty_lines or first_line.comment is not None:
            return self.parenthesized_class(first_line, empty_lines, indent, last_line)
        key = (first_line, indent, last_line)
        found = self.parenthesized_made.get(key)
        if found is None:
            found = self.parenthesized_class(first_line, (), indent, last_line)
            self.parenthesized_made[key] = found
        return found


_SHARED = _Shared()
_MAKERS: dict[str, Callable[..., cst.CSTNode]] = {
    "SimpleWhitespace": _SHARED.simple,
    "Newline": _SHARED.newline,
    "TrailingWhitespace": _SHARED.trailing,
    "EmptyLine": _SHARED.empty,
    "ParenthesizedWhitespace": _SHARED.parenthesized,
}


@contextmanager
def _sharing() -> Iterator[None]:
    """Put the makers where the native parser looks for the classes: in the package."""
    classes = {name: getattr(cst, name) for name in _MAKERS}
    for name, maker in _MAKERS.items():
        setattr(cst, name, maker)
    try:
        yield
    finally:
        for name, cls in classes.items():
            setattr(cst, name, cls)

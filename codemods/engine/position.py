"""Lines and columns of a few nodes, without a metadata wrapper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from codemods.engine.printed import UNTOLD
from codemods.engine.starts import Start, starts
from codemods.engine.tree import Frame, spine

Position = tuple[int, int]


class _AllFoundError(Exception):
    """Nothing that is written from here on was asked for."""


class _Recorder(CodegenState):
    """Count while code is generated, and note where wanted nodes begin."""

    def __init__(self, module: cst.Module, wanted: set[int], start: Start) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.wanted = wanted
        self.line = start.line
        self.column = 1
        self.indent_tokens = [" " * start.indent] if start.indent else []
        self.found: dict[int, Position] = {}
        self.left = set(wanted)

    def add_token(self, value: str) -> None:
        breaks = value.count("\n") or value.count("\r")
        if breaks:
            self.line += breaks
            self.column = len(value) - max(value.rfind("\n"), value.rfind("\r"))
        else:
            self.column += len(value)

    def add_indent_tokens(self) -> None:
        self.column += sum(map(len, self.indent_tokens))

    def before_codegen(self, node: cst.CSTNode) -> None:
        if id(node) in self.wanted:
            self.found.setdefault(id(node), (self.line, self.column))

    def after_codegen(self, node: cst.CSTNode) -> None:
        if id(node) in self.left:
            self._leave(id(node))

    def pop_trailing_newline(self) -> None:
        pass

    def record_syntactic_position(self, node: cst.CSTNode, **ends: Any) -> Any:
        if id(node) in self.wanted:
            self.found[id(node)] = (self.line, self.column)
            self._leave(id(node))
        return UNTOLD

    def _leave(self, key: int) -> None:
        self.left.discard(key)
        if not self.left:
            raise _AllFoundError


def positions(module: cst.Module, data: bytes, frames: Iterable[Frame]) -> dict[int, Position]:
    """Return the line and column, from 1, on which each node's code begins, by node id."""
    wanted = list(frames)
    known = starts(module, data, spine(wanted) | {id(frame.node) for frame in wanted})
    by_start: dict[int, set[int]] = defaultdict(set)
    nodes: dict[int, cst.CSTNode] = {id(module): module}
    found: dict[int, Position] = {}
    for frame in wanted:
        if frame.node is module:
            found[id(module)] = (1, 1)
            continue
        chosen = next((one for one in _way_up(frame) if id(one) in known), module)
        nodes[id(chosen)] = chosen
        by_start[id(chosen)].add(id(frame.node))
    for key, ids in by_start.items():
        recorder = _Recorder(module, ids, known.get(key, Start(1, 0)))
        with suppress(_AllFoundError):
            nodes[key]._codegen(recorder)
        found |= recorder.found
    return found


def _way_up(frame: Frame) -> Iterator[cst.CSTNode]:
    yield frame.node
    for above in frame.ancestors():
        yield above.node

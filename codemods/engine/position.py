"""Lines and columns of a few nodes, without a metadata wrapper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import libcst as cst
from libcst._nodes.internal import CodegenState


class _Recorder(CodegenState):
    """Count while the module is generated, and note where wanted nodes begin."""

    def __init__(self, module: cst.Module, wanted: set[int]) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.wanted = wanted
        self.line = 1
        self.column = 1
        self.found: dict[int, tuple[int, int]] = {}

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

    def pop_trailing_newline(self) -> None:
        pass

    @contextmanager
    def record_syntactic_position(
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> Iterator[None]:
        if id(node) in self.wanted:
            self.found[id(node)] = (self.line, self.column)
        yield


def positions(module: cst.Module, nodes: Iterable[cst.CSTNode]) -> dict[int, tuple[int, int]]:
    """Return the line and column, from 1, on which each node's code begins, by node id."""
    recorder = _Recorder(module, {id(node) for node in nodes})
    module._codegen(recorder)
    return recorder.found

"""Line numbers of a few nodes, without a metadata wrapper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import libcst as cst
from libcst._nodes.internal import CodegenState


class _LineRecorder(CodegenState):
    """Count lines while the module is generated, and note where wanted nodes begin."""

    def __init__(self, module: cst.Module, wanted: set[int]) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.wanted = wanted
        self.line = 1
        self.lines: dict[int, int] = {}

    def add_token(self, value: str) -> None:
        self.line += value.count("\n") or value.count("\r")

    def add_indent_tokens(self) -> None:
        pass

    def before_codegen(self, node: cst.CSTNode) -> None:
        if id(node) in self.wanted:
            self.lines.setdefault(id(node), self.line)

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
            self.lines[id(node)] = self.line
        yield


def line_numbers(module: cst.Module, nodes: Iterable[cst.CSTNode]) -> dict[int, int]:
    """Return the line on which each node's code begins, by node id."""
    recorder = _LineRecorder(module, {id(node) for node in nodes})
    module._codegen(recorder)
    return recorder.lines

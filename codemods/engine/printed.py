"""Trees as source text."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

UNTOLD = nullcontext()


class _Printer(CodegenState):
    """Print alone: LibCST tells its own one where every node begins, at a third of the cost."""

    def record_syntactic_position(self, node: cst.CSTNode, **ends: Any) -> Any:
        return UNTOLD


def printed(node: cst.CSTNode, module: cst.Module) -> str:
    """Return the source of a node, indented and ended as the module does."""
    printer = _Printer(module.default_indent, module.default_newline)
    node._codegen(printer)
    return "".join(printer.tokens)

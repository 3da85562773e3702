"""Edits that give a chain of names, or a piece of it, another spelling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.scope import Chain


def dotted(words: Sequence[str]) -> cst.Name | cst.Attribute:
    """Return names and attributes as an expression."""
    node: cst.Name | cst.Attribute = cst.Name(words[0])
    for word in words[1:]:
        node = cst.Attribute(value=node, attr=cst.Name(word))
    return node


def respelled(chain: Chain, count: int, words: Sequence[str]) -> Edit:
    """Return the edit that replaces the first names of a chain, its root among them."""
    depth = len(chain.parts) + 1 - count

    def change(node: cst.CSTNode) -> cst.CSTNode:
        return _replaced(node, depth, words)

    return Edit(chain.frame, change)


def _replaced(node: Any, depth: int, words: Sequence[str]) -> cst.CSTNode:
    if depth:
        return node.with_changes(value=_replaced(node.value, depth - 1, words))  # type: ignore[no-any-return]
    new = dotted(words)
    return new.with_changes(lpar=node.lpar, rpar=node.rpar)

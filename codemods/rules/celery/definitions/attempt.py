"""`self.request.retries` in terms of `context.attempt`, which counts from one."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.literals import integer, number, parenthesized
from codemods.engine.scope import Chain
from codemods.engine.tree import Frame

_ATTEMPT = "context.attempt"
_NEEDS_NO_PARENTHESES = (
    cst.Arg,
    cst.Assign,
    cst.AnnAssign,
    cst.AugAssign,
    cst.Return,
    cst.Comparison,
    cst.ComparisonTarget,
    cst.FormattedStringExpression,
    cst.Index,
    cst.Element,
    cst.DictElement,
    cst.NamedExpr,
    cst.IfExp,
    cst.BooleanOperation,
    cst.Expr,
)


def retries_edit(chain: Chain, max_retries: int | None) -> Edit:
    """Return the edit for one use of the number of retries."""
    up = chain.frame.up
    assert up is not None
    if isinstance(up.node, cst.BinaryOperation) and _adds_one(up.node, chain.frame.node):
        return Edit(up, _attempt_for)
    comparison = _comparison(up)
    if comparison is not None and _shiftable(comparison.node, chain.frame.node, max_retries):
        return Edit(comparison, lambda node: _shifted(node, chain.frame.node, max_retries))
    if _is_truth(up.node, chain.frame.node):
        return Edit(chain.frame, lambda node: cst.parse_expression(f"{_ATTEMPT} > 1"))
    if isinstance(up.node, cst.UnaryOperation) and isinstance(up.node.operator, cst.Not):
        return Edit(up, lambda node: _with_parens(node, f"{_ATTEMPT} == 1"))
    bare = isinstance(up.node, _NEEDS_NO_PARENTHESES)

    def change(node: cst.BaseExpression) -> cst.CSTNode:
        new = cst.parse_expression(f"{_ATTEMPT} - 1")
        if node.lpar:
            return new.with_changes(lpar=node.lpar, rpar=node.rpar)
        return new if bare else parenthesized(new)

    return Edit(chain.frame, change)


def _is_truth(up: cst.CSTNode, retries: cst.CSTNode) -> bool:
    """Is the number only asked for being zero?"""
    return isinstance(up, (cst.If, cst.While, cst.IfExp, cst.Assert)) and up.test is retries


def _attempt_for(node: cst.BaseExpression) -> cst.CSTNode:
    return cst.parse_expression(_ATTEMPT)


def _with_parens(node: cst.BaseExpression, new: str) -> cst.CSTNode:
    return cst.parse_expression(new).with_changes(lpar=node.lpar, rpar=node.rpar)


def _adds_one(node: cst.BinaryOperation, retries: cst.CSTNode) -> bool:
    if not isinstance(node.operator, cst.Add):
        return False
    other = node.right if node.left is retries else node.left
    return integer(other) == 1


def _comparison(up: Frame) -> Frame | None:
    if isinstance(up.node, cst.Comparison):
        return up
    if isinstance(up.node, cst.ComparisonTarget) and up.up is not None:
        return up.up
    return None


def _shiftable(node: Any, retries: cst.CSTNode, max_retries: int | None) -> bool:
    if len(node.comparisons) != 1:
        return False
    target = node.comparisons[0]
    ordered = (
        cst.LessThan,
        cst.LessThanEqual,
        cst.GreaterThan,
        cst.GreaterThanEqual,
        cst.Equal,
        cst.NotEqual,
    )
    if not isinstance(target.operator, ordered):
        return False
    other = target.comparator if node.left is retries else node.left
    return _bound(other, max_retries) is not None


def _bound(node: cst.BaseExpression, max_retries: int | None) -> int | None:
    if isinstance(node, cst.Attribute) and node.attr.value == "max_retries":
        return max_retries
    return integer(node)


def _shifted(node: cst.Comparison, retries: cst.CSTNode, max_retries: int | None) -> cst.CSTNode:
    """Compare the attempt with a bound that is one larger."""
    target = node.comparisons[0]
    attempt = cst.parse_expression(_ATTEMPT)
    left, right = node.left, target.comparator
    on_left = _bound(right, max_retries)
    if on_left is not None and _bound(left, max_retries) is None:
        new_left, new_right = attempt, number(on_left + 1)
    else:
        new_left, new_right = number((_bound(left, max_retries) or 0) + 1), attempt
    return node.with_changes(left=new_left, comparisons=[target.with_changes(comparator=new_right)])

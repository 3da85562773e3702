"""The arguments of an `apply_async(...)`, taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine import unpacked
from codemods.engine.literals import is_none, parenthesized, string
from codemods.engine.optional import may_be_none
from codemods.engine.scope import Scope

_POSITIONS = ("args", "kwargs", "task_id", "producer", "link", "link_error", "shadow")
_DROPPED = frozenset({"ignore_result", "compression", "retry", "retry_policy", "add_to_parent"})


@dataclass(slots=True)
class Shape:
    """What reaches the task, and how it is sent."""

    args: list[cst.Arg] = field(default_factory=list)
    options: dict[str, cst.BaseExpression] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    cleared: set[str] = field(default_factory=set)
    """The options that are None."""
    problem: str = ""
    literal: bool = True
    """Were args and kwargs written out?"""


def read_shape(arguments: Sequence[cst.Arg], scope: Scope | None = None) -> Shape:
    """Return the shape of the arguments given to apply_async; the scope knows what may be None."""
    shape = Shape()
    named: dict[str, cst.BaseExpression] = {}
    for index, arg in enumerate(arguments):
        if arg.star:
            shape.problem = f"apply_async({arg.star}...) hides its options"
            return shape
        if arg.keyword is None and index >= len(_POSITIONS):
            shape.problem = "apply_async has more positional arguments than it takes"
            return shape
        named[arg.keyword.value if arg.keyword else _POSITIONS[index]] = arg.value
    positional = named.pop("args", None)
    keywords = named.pop("kwargs", None)
    if positional is not None and not is_none(positional):
        args, literal = unpacked.positional(_given(positional, "()", scope))
        shape.args.extend(args)
        shape.literal &= literal
    if keywords is not None and not is_none(keywords):
        args, literal = unpacked.keywords(_given(keywords, "{}", scope))
        shape.args.extend(args)
        shape.literal &= literal
    for name, value in named.items():
        if name in _DROPPED or (name == "serializer" and string(value) == "json"):
            shape.dropped.append(name)
        elif is_none(value):
            shape.cleared.add(name)
        else:
            shape.options[name] = value
    return shape


def _given(node: cst.BaseExpression, nothing: str, scope: Scope | None) -> cst.BaseExpression:
    """Return args or kwargs with what stands for None, where they may be None."""
    if scope is None or not may_be_none(scope, node):
        return node
    simple = isinstance(node, unpacked.SIMPLE) or node.lpar
    return cst.BooleanOperation(
        left=node if simple else parenthesized(node),
        operator=cst.Or(),
        right=cst.parse_expression(nothing),
    )

"""`.map(...)`: many calls at once."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.layout import flat_args, space_for
from codemods.engine.literals import integer
from codemods.engine.outcome import Outcome
from codemods.engine.site import Rule
from codemods.engine.survey import dotted_name
from codemods.rules.huey.study import Study, Use

MAP = Rule(
    "HUE208",
    ".map(...) becomes .enqueue_many(...)",
    "Huey takes each item for the task's only argument, or for all of them when it is a tuple. "
    "enqueue_many takes tuples: where the items can be seen to be tuples, or to be none, they "
    "become that. Otherwise, and where the results are used, the task stays on Huey.",
    "send.map(order.pk for order in orders)",
    "send.enqueue_many((order.pk,) for order in orders)",
)
_ELEMENTS = (cst.Integer, cst.SimpleString, cst.Attribute, cst.FormattedString)


def many(study: Study, use: Use) -> Outcome:
    """Judge `.map`."""
    frame = use.call
    if frame is None or len(use.rest) > 1:
        return use.person(MAP, ".map is handed on, to be called out of sight")
    assert isinstance(frame.node, cst.Call)
    up = frame.up
    if up is None or not isinstance(up.node, cst.Expr):
        return use.person(MAP, "the results of .map() are used")
    args = frame.node.args
    if len(args) != 1 or args[0].star or args[0].keyword is not None:
        return use.person(MAP, ".map() takes one iterable")
    if _wrapped(args[0].value) is None:
        return use.person(MAP, "the items may be tuples or not; write enqueue_many([(item,), ...])")
    outcome = use.outcome(MAP, ".map() is .enqueue_many()")
    space = space_for(use.source, frame)

    def change(node: Any) -> cst.CSTNode:
        value = _wrapped(node.args[0].value)
        assert value is not None
        func = node.func.with_changes(attr=cst.Name("enqueue_many"))
        return space.fit(node.with_changes(func=func, args=flat_args([cst.Arg(value)])))

    outcome.edit(frame, change)
    return outcome


def _wrapped(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return the items as tuples, None when nobody can see what they are."""
    if isinstance(node, (cst.List, cst.Tuple)):
        elements = [_item(element.value) for element in node.elements]
        if any(one is None for one in elements):
            return None
        pairs = zip(node.elements, elements, strict=True)
        return node.with_changes(elements=[old.with_changes(value=new) for old, new in pairs])
    if isinstance(node, (cst.ListComp, cst.GeneratorExp)):
        item = _item(node.elt)
        return None if item is None else node.with_changes(elt=item)
    if isinstance(node, cst.Call) and dotted_name(node.func) == "range":
        each = cst.CompFor(target=cst.Name("number"), iter=node)
        return cst.GeneratorExp(elt=_single(cst.Name("number")), for_in=each, lpar=[], rpar=[])
    if isinstance(node, cst.Call) and _is_flat(node):
        each = cst.CompFor(target=cst.Name("value"), iter=node)
        return cst.GeneratorExp(elt=_single(cst.Name("value")), for_in=each, lpar=[], rpar=[])
    return None


def _item(node: cst.BaseExpression) -> cst.BaseExpression | None:
    if isinstance(node, cst.Tuple):
        return node
    return _single(node) if isinstance(node, _ELEMENTS) or integer(node) is not None else None


def _single(node: cst.BaseExpression) -> cst.Tuple:
    return cst.Tuple([cst.Element(node, comma=cst.Comma())])


def _is_flat(node: cst.Call) -> bool:
    """Is it `.values_list("pk", flat=True)`?"""
    name = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
    return name == "values_list" and any(
        arg.keyword is not None and arg.keyword.value == "flat" and dotted_name(arg.value) == "True"
        for arg in node.args
    )

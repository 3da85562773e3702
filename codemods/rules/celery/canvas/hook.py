"""A signature that is started by another task, as a hook of the bridge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import libcst as cst

from codemods.engine.layout import Space, call, code, exploded
from codemods.rules.celery.calls.using import Using
from codemods.rules.celery.canvas.step import Step


def hook(step: Step, using: Using, fed: str, then: cst.BaseExpression | None = None) -> cst.Call:
    """Return `task.using(...).hook(fed, ...)`; fed names what the finished task gives it."""
    options = {name: value for name, value in step.options.items() if name != "countdown"}
    task = configured(step.task, using, options, then)
    first = [cst.Arg(value=cst.parse_expression(fed))] if fed and not step.immutable else []
    made = call(cst.Attribute(value=task, attr=cst.Name("hook")), [*first, *step.args])
    if "countdown" in using.names:
        wait = cst.Arg(value=step.options["countdown"])
        made = call(cst.Attribute(value=made, attr=cst.Name("after")), [wait])
    return made


def configured(
    task: cst.BaseExpression,
    using: Using,
    options: dict[str, cst.BaseExpression],
    then: cst.BaseExpression | None = None,
) -> cst.BaseExpression:
    """Return `task.using(...)`, or the task itself when there is nothing to say."""
    args: list[cst.Arg] = [
        arg
        for name, arg in zip(using.names, using.args(_all(using, options)), strict=True)
        if name in options
    ]
    if then is not None:
        args.append(cst.Arg(keyword=cst.Name("on_success"), value=then))
    return call(cst.Attribute(value=task, attr=cst.Name("using")), args) if args else task


def _all(using: Using, options: dict[str, cst.BaseExpression]) -> dict[str, cst.BaseExpression]:
    return {name: options.get(name, cst.Name("None")) for name in using.names}


def fed_args(extra: Sequence[cst.Arg], own: Sequence[cst.Arg]) -> list[cst.Arg] | None:
    """Return what a signature gets that is started with more arguments, None if they clash."""
    positional = [arg for arg in (*extra, *own) if arg.keyword is None and arg.star != "**"]
    named = [arg for arg in (*own, *extra) if arg.keyword is not None or arg.star == "**"]
    names = [arg.keyword.value for arg in named if arg.keyword is not None]
    hidden = extra and any(arg.star == "**" for arg in named)
    return None if hidden or len(names) != len(set(names)) else [*positional, *named]


def laid_out(space: Space, node: Any) -> Any:
    """Return a sending call that fits its line, using() spread before its own arguments."""
    if not isinstance(node, cst.Call) or _fits(space, node):
        return node
    inner = node.func.value if isinstance(node.func, cst.Attribute) else None
    if not isinstance(inner, cst.Call):
        return space.fit(node)
    spread = _spread if _is_using(inner) else laid_out
    inner = spread(replace(space, room=0), inner)
    return node.with_changes(func=node.func.with_changes(value=inner))


def _fits(space: Space, node: cst.Call) -> bool:
    text = code(node)
    return len(text) <= space.room and "\n" not in text


def _is_using(node: cst.Call) -> bool:
    return isinstance(node.func, cst.Attribute) and node.func.attr.value == "using"


def _spread(space: Space, using: cst.Call) -> cst.Call:
    indent = space.indent + space.step
    args = []
    for arg in using.args:
        taken = len(indent) + len(arg.keyword.value if arg.keyword else "") + len("=,")
        inside = replace(space, indent=indent, room=space.limit - taken)
        args.append(arg.with_changes(value=laid_out(inside, arg.value)))
    return exploded(using.with_changes(args=args), space.indent, space.step)

"""Which parameter an argument goes to, and what the calls do that everybody knows."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from codemods.engine.tree import Frame
from codemods.rules.celery.calls.climb import NOWHERE, Passed
from codemods.rules.celery.calls.holder import EACH, Path, Reached

_COPIES = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "dict"})
_LOOKS = frozenset({"print", "str", "repr", "isinstance", "issubclass", "id", "bool", "type"})
_LOOKS |= {"len", "hash", "any", "all", "callable", "hasattr"}
_APPENDS = frozenset({"append", "add", "insert", "appendleft", "setdefault"})
_EXTENDS = frozenset({"extend", "update"})


def parameter(
    function: Frame, args: Sequence[cst.Arg], arg: cst.Arg, skipped: int = 0
) -> str | None:
    """Return the name of the parameter an argument goes to."""
    assert isinstance(function.node, cst.FunctionDef)
    params = function.node.params
    positional = [param.name.value for param in (*params.posonly_params, *params.params)]
    named = {*positional, *(param.name.value for param in params.kwonly_params)}
    for index, candidate in enumerate(args):
        if candidate.star:
            return None
        if candidate is not arg:
            continue
        if candidate.keyword is not None:
            return candidate.keyword.value if candidate.keyword.value in named else None
        at = index + skipped
        return positional[at] if at < len(positional) else None
    return None


def given(
    function: Frame, name: str, args: Sequence[cst.Arg], skipped: int = 0
) -> cst.BaseExpression | None:
    """Return what a call passes for a parameter, its default when nothing; None if unknown."""
    assert isinstance(function.node, cst.FunctionDef)
    if any(arg.star for arg in args):
        return None
    for arg in args:
        if parameter(function, args, arg, skipped) == name:
            return arg.value
    params = function.node.params
    for param in (*params.posonly_params, *params.params, *params.kwonly_params):
        if param.name.value == name:
            return param.default
    return None


def fills(call: cst.Call, path: Path) -> tuple[cst.BaseExpression, Path] | None:
    """Return the container a call puts its argument into, and the way to a task in it."""
    if not isinstance(call.func, cst.Attribute):
        return None
    name = call.func.attr.value
    if name in _APPENDS:
        return call.func.value, (EACH, *path)
    if name in _EXTENDS and path:
        return call.func.value, (EACH, *path[1:])
    return None


def builtin(name: str, step: Passed) -> Reached | str | None:
    """Return where an argument of a builtin goes."""
    if name in _LOOKS:
        return None
    if step.path and name in _COPIES:
        return Reached(step.call, (EACH, *step.path[1:]))
    if step.path and name == "enumerate":
        return Reached(step.call, (EACH, 1, *step.path[1:]))
    if step.path and name == "next":
        return Reached(step.call, step.path[1:])
    return NOWHERE

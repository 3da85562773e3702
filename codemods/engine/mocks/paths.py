"""Calls that put a mock in the place of something, by its path."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.scope import Text
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Change, Frame

_REPLACED = 2
"""How many arguments name what is patched and what with."""


def replaced(call: Frame) -> bool:
    """Is there a function in the place of a mock?"""
    assert isinstance(call.node, cst.Call)
    named = {arg.keyword.value for arg in call.node.args if arg.keyword is not None}
    positional = [arg for arg in call.node.args if arg.keyword is None]
    replacement = positional[-1].value if len(positional) >= _REPLACED else None
    given = isinstance(replacement, (cst.Lambda, cst.Name))
    return given or (bool(named & {"side_effect", "wraps"}) and not _raises(call.node))


def _raises(call: cst.Call) -> bool:
    """Is side_effect an exception?"""
    value = next(
        (a.value for a in call.args if a.keyword is not None and a.keyword.value == "side_effect"),
        None,
    )
    value = value.func if isinstance(value, cst.Call) else value
    name = dotted_name(value).rpartition(".")[2]
    return name.endswith(("Error", "Exception"))


def renamed_end(old: str, new: str) -> Change:
    """Return the change that gives a path another last word, in a literal or a piece of one."""

    def change(node: Any) -> cst.CSTNode:
        quote = node.quote if isinstance(node, cst.SimpleString) else ""
        value = node.value.removesuffix(quote).removesuffix(old)
        return node.with_changes(value=f"{value}{new}{quote}")  # type: ignore[no-any-return]

    return change


def patch_call(frame: Frame) -> Frame | None:
    """Return the call that patches the path, if the string is in one."""
    arg = frame.up
    call = arg.up if arg is not None and isinstance(arg.node, cst.Arg) else None
    return call if call is not None and patches(call.node) else None


def patches(node: cst.CSTNode) -> bool:
    """Is the call one that puts a mock in the place of something?"""
    if not isinstance(node, cst.Call):
        return False
    func = node.func
    name = func.attr.value if isinstance(func, cst.Attribute) else getattr(func, "value", "")
    if name == "object":
        return dotted_name(func).endswith("patch.object")
    return name in {"patch", "_patch", "patch_object", "spy", "setattr"}


def constant_patch(source: Source, text: Text) -> Frame | None:
    """Return the one call that patches the path a constant holds."""
    target = text.frame.up
    if target is None or not isinstance(target.node, cst.Assign):
        return None
    names = {dotted_name(item.target) for item in target.node.targets}
    uses = [chain for chain in source.survey.chains if chain.dotted in names and not chain.stored]
    calls = [call for chain in uses if (call := patch_call(chain.frame)) is not None]
    return calls[0] if len(calls) == 1 else None

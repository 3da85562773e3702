"""Code that takes the backport where Django has no tasks, and is meant to."""

from __future__ import annotations

import libcst as cst

from codemods.engine.scope import Binding
from codemods.engine.survey import absolute_module
from codemods.engine.tree import Frame
from codemods.rules.backport.names import is_backport


def is_fallback(frame: Frame, package: str) -> bool:
    """Is the import one branch of two, of which another takes the same from Django?"""
    branch = frame.enclosing(cst.Try, cst.TryStar, cst.If)
    return branch is not None and any(
        _is_djangos(binding) and binding.frame.enclosing(type(branch.node)) is not None
        for bindings in frame.scope.bindings.values()
        for binding in bindings
        if _names_shared(binding, frame, package)
    )


def _is_djangos(binding: Binding) -> bool:
    return binding.target.startswith(("django.tasks", "django.utils.json"))


def _names_shared(binding: Binding, frame: Frame, package: str) -> bool:
    """Does another import of the same branches bind a name that this one binds?"""
    node = frame.node
    if not isinstance(node, cst.ImportFrom) or not is_backport(absolute_module(node, package)):
        return isinstance(node, cst.Import) and binding.target == "django.tasks"
    others = frame.scope.bindings.get(binding.name, [])
    return any(other.frame is frame for other in others)

"""Decorators between the task decorator and the function."""

from __future__ import annotations

from typing import Protocol

import libcst as cst

from codemods.engine.modules import Target
from codemods.engine.project import Project
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, descendants


class Decorated(Protocol):
    """A function that some decorator makes a task."""

    source: Source
    frame: Frame
    decorator: int
    """Which of the function's decorators makes it a task."""

    @property
    def node(self) -> cst.FunctionDef:
        """Return the function."""
        ...

    @property
    def bound(self) -> bool:
        """Is the task itself its first argument?"""
        ...


_TRANSPARENT = frozenset(
    {
        "django.db.transaction.atomic",
        "django.db.transaction.non_atomic_requests",
        "django.db.transaction.durable",
        "django.utils.translation.override",
        "django.test.utils.override_settings",
    }
)


def problem_below(task: Decorated, project: Project) -> str:
    """Say why a decorator below could see the task's `self` or hide its function, if one could."""
    for decorator in task.node.decorators[task.decorator + 1 :]:
        func = decorator.decorator
        func = func.func if isinstance(func, cst.Call) else func
        name = dotted_name(func)
        target = (
            project.resolve_name(tuple(name.split(".")), task.frame.scope, task.source)
            if name
            else None
        )
        problem = _problem(task, target, project)
        if problem:
            return f"@{name or 'decorator'} below the task decorator {problem}"
    return ""


def _problem(task: Decorated, target: Target | None, project: Project) -> str:
    target = project.open(target) if target is not None else None
    if target is None or target.source is None:
        known = target is not None and target.full in _TRANSPARENT
        return "may read self" if task.bound and not known else ""
    node = target.binding.frame.node if target.binding is not None else None
    if not isinstance(node, cst.FunctionDef) or target.rest:
        return "may read self" if task.bound else ""
    if _is_context_manager(node, target, project):
        return ""
    wrappers = [
        inner
        for inner in descendants(node.body)
        if isinstance(inner, cst.FunctionDef) and _calls_outer(inner)
    ]
    if not wrappers:
        return "may read self" if task.bound else ""
    if not _wraps(node):
        return "does not use functools.wraps, so the task would not be found by its name"
    if task.bound and not all(_passes_everything_on(wrapper) for wrapper in wrappers):
        return "reads self"
    return ""


def _is_context_manager(node: cst.FunctionDef, target: Target, project: Project) -> bool:
    """Does contextlib make the decorator, which passes everything on?"""
    source = target.source
    if source is None:
        return False
    for decorator in node.decorators:
        name = dotted_name(decorator.decorator)
        words = tuple(name.split("."))
        found = project.resolve_name(words, source.survey.scope, source) if name else None
        if found is not None and found.full == "contextlib.contextmanager":
            return True
    return False


def _calls_outer(function: cst.FunctionDef) -> bool:
    """Does the function call something with `*args`: is it a wrapper?"""
    return any(
        isinstance(inner, cst.Call) and any(arg.star for arg in inner.args)
        for inner in descendants(function.body)
    )


def _wraps(node: cst.FunctionDef) -> bool:
    return any(
        isinstance(inner, (cst.Name, cst.Attribute))
        and dotted_name(inner).rpartition(".")[2] in {"wraps", "update_wrapper"}
        for inner in descendants(node)
    )


def _passes_everything_on(wrapper: cst.FunctionDef) -> bool:
    """Does the wrapper take `*args, **kwargs` and hand on args, where self is, unseen?"""
    params = wrapper.params
    star, double = params.star_arg, params.star_kwarg
    if params.params or params.posonly_params or params.kwonly_params:
        return False
    if not isinstance(star, cst.Param) or double is None:
        return False
    name = star.name.value
    inside = list(descendants(wrapper.body))
    uses = [inner for inner in inside if isinstance(inner, cst.Name) and inner.value == name]
    first = [inner.args[0] for inner in inside if isinstance(inner, cst.Call) and inner.args]
    return len(uses) == sum(
        arg.star == "*" and isinstance(arg.value, cst.Name) and arg.value.value == name
        for arg in first
    )

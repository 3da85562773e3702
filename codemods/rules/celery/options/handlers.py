"""`on_success=` and `on_failure=` name functions that are still called."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.given import Option
from codemods.engine.modules import Target
from codemods.engine.names import local_name
from codemods.engine.scope import BindingKind, ScopeKind
from codemods.engine.site import Rule
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Change, Frame, descendants
from codemods.rules.celery.options.build import POLICY, Build
from codemods.rules.celery.options.refused import refused

HANDLERS = Rule(
    "CEL315",
    "on_success= and on_failure= become celery_handlers(...)",
    "A function of the project keeps its arguments and is called as before: in the worker, once "
    "the task has ended for good. Its self is followed as one that a task hands on. To be called "
    "for a task that dies with its worker as well, make it a task and a hook: on_failure= of "
    "@task.",
)
_OF_CLASS = frozenset({"super", "__class__"})
_TAKES = {"on_success": 5, "on_failure": 6}
"""How many arguments Celery gives each, its task included."""


def handler(option: Option, build: Build) -> None:
    """Keep the function; the task stays where it is none that can be read."""
    if function_of(option, build) is None:
        refused(option, build)
    elif build.target == "django":
        build.refuse(POLICY.code, f"{option.name}= takes the bridge")
    else:
        build.handlers.append(option)
        build.note(HANDLERS.code, f"{option.name}= is called as before")


def function_of(option: Option, build: Build) -> Frame | None:
    """Return the plain function an option names, where Celery can call it with its task."""
    name = dotted_name(option.value)
    if not name or option.source is not build.options.source:
        return None
    project = build.project
    target = project.resolve_name(tuple(name.split(".")), option.scope, option.source)
    target = project.open(target) if target is not None else None
    function = _plain(target) if target is not None else None
    if function is None:
        return None
    node = function.node
    assert isinstance(node, cst.FunctionDef)
    # Its self is no instance of the class.
    of_class = any(isinstance(n, cst.Name) and n.value in _OF_CLASS for n in descendants(node))
    if node.decorators or node.asynchronous or of_class:
        return None
    params = node.params
    count = len(params.posonly_params) + len(params.params)
    takes_more = isinstance(params.star_arg, cst.Param)
    enough = count == _TAKES[option.name] or (1 <= count <= _TAKES[option.name] and takes_more)
    return function if enough and not params.kwonly_params else None


def _plain(target: Target) -> Frame | None:
    """Return a function of a module, or one of a class that is named with it."""
    if target.source is None or target.binding is None:
        return None
    same = target.source.survey.scope.bindings.get(target.binding.name, [])
    found = target.binding.frame
    if len(same) != 1 or found.scope.kind is not ScopeKind.MODULE:
        return None
    if target.binding.kind is BindingKind.FUNCTION and not target.rest:
        return found
    named = [
        function
        for function in target.source.survey.functions
        if function.scope.frame is not None
        and function.scope.frame.node is found.node
        and (function.node.name.value,) == target.rest  # type: ignore[attr-defined]
    ]
    return named[0] if len(named) == 1 and isinstance(found.node, cst.ClassDef) else None


def handlers_of_class(option: Option, build: Build, methods: list[str]) -> list[Option]:
    """Return the handlers that are all a base class has; nothing when they are not all."""
    if not set(methods) <= _TAKES.keys() or len(set(methods)) != len(methods):
        return []
    if not isinstance(option.value, (cst.Name, cst.Attribute)):
        return []
    found = []
    for method in methods:
        value = cst.Attribute(value=option.value, attr=cst.Name(method))
        made = Option(
            method, option.arg.with_changes(value=value), option.index, option.source, option.scope
        )
        if method in build.options.found or function_of(made, build) is None:
            return []
        found.append(made)
    return found


def above(build: Build) -> Change:
    """Return the change that puts `@celery_handlers(...)` above the task decorator."""
    source = build.options.source
    name, need = local_name(source, "compat.celery.legacy", "celery_handlers", inside=False)
    if need is not None:
        build.needs.add(need)
    no_space = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    args = [
        cst.Arg(keyword=cst.Name(option.name), value=option.value, equal=no_space)
        for option in build.handlers
    ]
    call = cst.Call(func=cst.parse_expression(name), args=args)

    def change(node: cst.Decorator) -> cst.FlattenSentinel[cst.CSTNode]:
        first = cst.Decorator(decorator=call, leading_lines=node.leading_lines)
        return cst.FlattenSentinel([first, node.with_changes(leading_lines=[])])

    return change

"""`on_success=` and `on_failure=` name functions that are still called."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.given import Option
from codemods.engine.names import local_name
from codemods.engine.scope import BindingKind, ScopeKind
from codemods.engine.site import Rule
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Change, Frame
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
    if target is None or target.source is None or target.binding is None or target.rest:
        return None
    same = target.source.survey.scope.bindings.get(target.binding.name, [])
    function = target.binding.frame
    if target.binding.kind is not BindingKind.FUNCTION or len(same) != 1:
        return None
    node = function.node
    assert isinstance(node, cst.FunctionDef)
    if function.scope.kind is not ScopeKind.MODULE or node.decorators or node.asynchronous:
        return None
    params = node.params
    count = len(params.posonly_params) + len(params.params)
    takes_more = isinstance(params.star_arg, cst.Param)
    enough = count == _TAKES[option.name] or (1 <= count <= _TAKES[option.name] and takes_more)
    return function if enough and not params.kwonly_params else None


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

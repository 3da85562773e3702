"""The function that workers call: the user's, with its request around it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import Parameter, Signature, iscoroutinefunction, signature
from typing import Any, cast

from compat.celery.facade.request import Request, running


def body_of(function: Callable[..., Any], *, bind: bool) -> Callable[..., Any]:
    """Return a function that takes a context, and the task as `self` when it is bound."""

    def call(context: Any, /, *args: Any, **kwargs: Any) -> Any:
        with running(Request.of(context)):
            own = (context.task_result.task,) if bind else ()
            return function(*own, *args, **kwargs)

    async def wait(context: Any, /, *args: Any, **kwargs: Any) -> Any:
        with running(Request.of(context)):
            own = (context.task_result.task,) if bind else ()
            return await function(*own, *args, **kwargs)

    body: Any = wait if iscoroutinefunction(function) else call

    functools.update_wrapper(body, function)
    body.__signature__ = _with_context(function, bind=bind)
    return cast("Callable[..., Any]", body)


def own_signature(function: Callable[..., Any], *, bind: bool) -> Signature:
    """Return the signature of a call, without `self`. Raise TypeError where there is no `self`."""
    found = signature(function)
    if not bind:
        return found
    parameters = list(found.parameters.values())
    kind = parameters[0].kind if parameters else None
    if kind is Parameter.VAR_POSITIONAL:
        return found
    if kind not in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
        raise TypeError(
            f"A task with bind=True takes itself first, and {function.__qualname__!r} takes "
            f"{found}. Add the parameter self, or leave bind out."
        )
    return found.replace(parameters=parameters[1:])


def _with_context(function: Callable[..., Any], *, bind: bool) -> Signature:
    own = own_signature(function, bind=bind)
    context = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD)
    try:
        return own.replace(parameters=[context, *own.parameters.values()])
    except ValueError:  # a parameter of that name, or one that has no name for callers
        anything = signature(lambda *args, **kwargs: None).parameters.values()
        return own.replace(parameters=[context, *anything])

"""`shared_task`, as in Celery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, Literal, overload

from bridge import registry
from bridge.aliases import declare_alias
from bridge.backends.base import BridgeBackend
from bridge.interface import DEFAULT_TASK_BACKEND_ALIAS, P, R, task_backends
from compat.celery.facade.body import body_of
from compat.celery.facade.options import RETRY, read_options
from compat.celery.facade.task import Task


@overload
def shared_task(function: Callable[P, R], /) -> Task[P, R]: ...
@overload
def shared_task(
    *, bind: Literal[True], **options: Any
) -> Callable[[Callable[Concatenate[Any, P], R]], Task[P, R]]: ...
@overload
def shared_task(
    *, bind: Literal[False] = False, **options: Any
) -> Callable[[Callable[P, R]], Task[P, R]]: ...
def shared_task(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Declare a function as a task, with the options of Celery.

    Raise TypeError for an option nobody knows, NotImplementedError for one that nothing carries
    over, and InvalidTask for a task its backend cannot run.
    """
    if function is None:
        return lambda func: _declare(func, options)
    if not callable(function):
        raise TypeError(
            f"@shared_task decorates a function, not {function!r}. Give options by name, for "
            f"example @shared_task(name={function!r})."
        )
    return _declare(function, options)


def _declare(function: Callable[..., Any], options: dict[str, Any]) -> Task[..., Any]:
    spec, fields = read_options(options)
    body = body_of(function, bind=spec.bind)
    path = f"{body.__module__}.{body.__qualname__}"
    if spec.custom_name is not None and spec.custom_name != path:
        declare_alias(spec.custom_name, path)
    backend = task_backends[DEFAULT_TASK_BACKEND_ALIAS]
    if not isinstance(backend, BridgeBackend):
        said = [name for name in fields if name not in {"queue_name", "priority", "retry"}]
        said += ["retry"] if RETRY & options.keys() else []
        registry.note_ignored(body, backend.alias, said)
    if any(getattr(each, "transport", "") == "celery" for each in task_backends.all()):
        # Every worker must know the end of a chord before its message comes.
        from compat.celery.facade import ending  # noqa: F401
    return Task(func=body, backend=backend.alias, takes_context=True, spec=spec, **fields)

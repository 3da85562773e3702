"""Which calls of a task are alike: a key made from their arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from inspect import Signature, signature
from typing import Any, TypeAlias

from bridge.interface import AnyTask, InvalidTask
from bridge.typed_json import revive
from bridge.values import is_typed, to_text

Key: TypeAlias = Callable[..., Any] | str | tuple[str, ...]
"""A function of the task's arguments that returns JSON, or the names of some of them."""


def value_of(key: Key, task: AnyTask, args: Any, kwargs: Any) -> Any:
    """Return the key of one call. Raise TypeError for arguments the function does not take."""
    if callable(key):
        if is_typed(task.backend):
            args, kwargs = revive(args), revive(kwargs)
        return key(*args, **kwargs)
    bound = bind(task, args, kwargs)
    return bound[key] if isinstance(key, str) else [bound[name] for name in key]


def bind(task: AnyTask, args: Any, kwargs: Any) -> dict[str, Any]:
    """Return a call's arguments by name, those left out included."""
    bound = _signature(task.func, task.takes_context).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.arguments


def digest(*parts: Any) -> str:
    """Return 32 hexadecimal digits that stand for JSON values."""
    text = to_text(list(parts), typed=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def validate_key(key: Any, task: AnyTask, what: str) -> None:
    """Raise InvalidTask for a key that no call of this task could have."""
    if key is None or callable(key):
        return
    names = (key,) if isinstance(key, str) else key
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        raise InvalidTask(
            f"The key of {what} of {task.module_path!r} must be a function of the task's "
            f"arguments, the name of one, or a tuple of names, not {key!r}."
        )
    known = _signature(task.func, task.takes_context).parameters
    for name in names:
        if name not in known:
            raise InvalidTask(
                f"The key of {what} of {task.module_path!r} names {name!r}, which is no argument "
                f"of the task; it has {', '.join(known) or 'none'}."
            )


@lru_cache(maxsize=1024)
def _signature(func: Callable[..., Any], takes_context: bool) -> Signature:
    whole = signature(func)
    if not takes_context:
        return whole
    return whole.replace(parameters=list(whole.parameters.values())[1:])

"""Which policies can be followed, and their short forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from bridge.hooks import hooks_of
from bridge.interface import InvalidTask
from bridge.keys import validate_key
from bridge.limits import Concurrency, RateLimit
from bridge.policies import ON_LOST
from bridge.retry import Retry
from bridge.seconds import is_duration
from bridge.unique import Unique

if TYPE_CHECKING:
    from bridge.policies import Policies


def normalize_policies(task: Policies[..., Any]) -> None:
    """Replace short forms: unique=True, concurrency=3, rate_limit="5/m", one hook.

    Raise InvalidTask for a policy that nobody could follow.
    """
    for name, kind, short, example in _SHORT_FORMS:
        value = getattr(task, name)
        try:
            policy = _made(value, kind, short)
        except ValueError as error:
            raise InvalidTask(f"{name} of {task.module_path!r}: {error}") from error
        if policy is not None and not isinstance(policy, kind):
            raise InvalidTask(
                f"{name} of {task.module_path!r} must be {example} or None, not {value!r}."
            )
        object.__setattr__(task, name, policy)
        validate_key(getattr(policy, "key", None), task, name)
    for name in ("on_success", "on_failure"):
        hooks = hooks_of(getattr(task, name), f"{name} of {task.module_path!r}")
        object.__setattr__(task, name, hooks)
    _validate(task)


def _unique(value: Any) -> Unique | None:
    return Unique() if value else None


_SHORT_FORMS: tuple[tuple[str, type, dict[type, Callable[[Any], Any]], str], ...] = (
    ("retry", Retry, {}, "a Retry such as retry=Retry(max_attempts=5)"),
    ("unique", Unique, {bool: _unique}, "True, a Unique"),
    ("concurrency", Concurrency, {int: Concurrency}, "a number of tasks, a Concurrency"),
    ("rate_limit", RateLimit, {str: RateLimit}, "a rate such as '100/m', a RateLimit"),
)


def _made(value: Any, kind: type, short: dict[type, Callable[[Any], Any]]) -> Any:
    make = short.get(type(value))
    return value if make is None else make(value)


def _validate(task: Policies[..., Any]) -> None:
    for name in ("timeout", "hard_timeout"):
        value = getattr(task, name)
        if value is not None and not is_duration(value):
            raise InvalidTask(
                f"{name} of {task.module_path!r} must be more than 0 seconds and at most 100 "
                f"years, as a number or a timedelta, not {value!r}. Leave it out, or give None, "
                "for no limit."
            )
    if task.on_lost is not None and task.on_lost not in ON_LOST:
        raise InvalidTask(
            f"on_lost of {task.module_path!r} must be 'retry', 'fail' or None, not "
            f"{task.on_lost!r}. None leaves it to ON_LOST of the backend."
        )
    _validate_expires(task)
    for name in ("transactional", "enqueue_on_commit"):
        value = getattr(task, name)
        if not isinstance(value, (bool, type(None))):
            raise InvalidTask(f"{name} of {task.module_path!r} must be a bool, not {value!r}.")
    if task.transactional and iscoroutinefunction(task.func):
        raise InvalidTask(
            f"{task.module_path!r} is a coroutine function and cannot be transactional: Django's "
            "transactions do not span an await. Make it a function, or leave transactional out."
        )


def _validate_expires(task: Policies[..., Any]) -> None:
    value = task.expires
    if value is None:
        return
    if isinstance(value, datetime):
        if settings.USE_TZ and timezone.is_naive(value):
            raise InvalidTask(
                f"expires of {task.module_path!r} must be an aware datetime, not {value!r}. "
                "Make it from django.utils.timezone.now()."
            )
    elif not is_duration(value):
        raise InvalidTask(
            f"expires of {task.module_path!r} must be a datetime, or more than 0 seconds and at "
            f"most 100 years, as a number or a timedelta, not {value!r}."
        )

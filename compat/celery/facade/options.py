"""The options of `shared_task`, as what the task declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.backoff import exponential, fixed
from bridge.limits import RateLimit
from compat.celery.facade.priority import django_priority
from compat.celery.facade.retrying import DEFAULT_DELAY, DEFAULT_RETRIES, RetryPolicy
from compat.celery.moments import aware

RETRY = frozenset(
    [
        "autoretry_for",
        "dont_autoretry_for",
        "retry_backoff",
        "retry_backoff_max",
        "retry_jitter",
        "max_retries",
        "retry_kwargs",
        "default_retry_delay",
    ]
)
DROPPED = frozenset(
    [
        "acks_on_failure",
        "acks_on_failure_or_timeout",
        "acks_on_timeout",
        "compression",
        "delivery_mode",
        "ignore_result",
        "interval_max",
        "interval_start",
        "interval_step",
        "lazy",
        "reject_on_worker_lost",
        "resultrepr_maxsize",
        "send_events",
        "shared",
        "store_eager_result",
        "store_errors_even_if_ignored",
        "throws",
        "track_started",
        "trail",
    ]
)
"""They configure Celery's transport or results."""
_RATE = re.compile(r"([1-9]\d*)(?:/([smh]))?")
_ADVICE = {
    "base": "Leave the task on Celery, or do what the class does in the function.",
    "on_failure": "Make it a task and name it with link_error=, or catch the exception.",
    "on_success": "Make it a task and name it with link=, or do it at the end of the function.",
    "on_retry": "Do it before self.retry().",
    "after_return": "Do it in a finally clause of the function.",
    "before_start": "Do it at the start of the function.",
    "exchange": "Name a queue.",
    "routing_key": "Name a queue.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What only Celery's API asks a task for."""

    bind: bool = False
    custom_name: str | None = None
    typing: bool = True
    max_retries: int | None = DEFAULT_RETRIES
    default_retry_delay: float = DEFAULT_DELAY
    autoretry_for: tuple[type[BaseException], ...] = ()
    acks_late: bool = False
    ignore_result: bool = False
    queue: str | None = None


def read_options(options: Mapping[str, Any]) -> tuple[Spec, dict[str, Any]]:
    """Return what the facade keeps and what the task declares.

    Raise TypeError for an option nobody knows, and NotImplementedError for one of Celery's that
    nothing here carries over.
    """
    fields: dict[str, Any] = {}
    for name, value in options.items():
        if name in _FIELDS:
            if value is not None:
                keyword, make = _FIELDS[name]
                fields[keyword] = make(value)
        elif name == "serializer":
            if value not in ("json", None):
                raise NotImplementedError(
                    f"serializer is 'json' here, not {value!r}. Give the task JSON arguments, or "
                    "leave it on Celery."
                )
        elif name not in RETRY | DROPPED | {"bind", "name", "typing"}:
            _refuse(name)
    fields = {name: value for name, value in fields.items() if value is not None}
    retry = _retry(options)
    fields["retry"] = retry
    spec = Spec(
        bind=bool(options.get("bind")),
        custom_name=options.get("name"),
        typing=bool(options.get("typing", True)),
        max_retries=retry.max_retries,
        default_retry_delay=retry.default_delay,
        autoretry_for=tuple(retry.on),
        acks_late=bool(options.get("acks_late")),
        ignore_result=bool(options.get("ignore_result")),
        queue=options.get("queue"),
    )
    return spec, fields


def _refuse(name: str) -> None:
    if name in _ADVICE:
        raise NotImplementedError(f"{name}= has no counterpart here. {_ADVICE[name]}")
    raise TypeError(
        f"shared_task() knows no option {name!r}. Remove it, or read it where the task is defined."
    )


def _retry(options: Mapping[str, Any]) -> RetryPolicy:
    given = dict(options)
    extra = dict(given.get("retry_kwargs") or {})
    if other := sorted(extra.keys() - {"max_retries", "countdown"}):
        raise NotImplementedError(
            f"retry_kwargs takes max_retries and countdown here, not {other[0]!r}. "
            "Call self.retry() in the function."
        )
    retries = extra.get("max_retries", given.get("max_retries", DEFAULT_RETRIES))
    delay = given.get("default_retry_delay")
    delay = DEFAULT_DELAY if delay is None else delay
    automatic = _classes(given.get("autoretry_for"))
    policy: dict[str, Any] = {"max_attempts": None if retries is None else retries + 1}
    factor = given.get("retry_backoff") or 0
    if automatic and factor:
        longest = given.get("retry_backoff_max", 600)
        policy["backoff"] = exponential(max(1, int(factor)))
        policy["max_delay"] = longest
        policy["jitter"] = bool(given.get("retry_jitter", True))
    else:
        policy["backoff"] = fixed(extra.get("countdown", delay))
    never = _classes(given.get("dont_autoretry_for"))
    made = RetryPolicy(on=automatic, never_on=never, **policy)
    # self.retry() goes by the task's own number, as in Celery.
    made.max_retries = given.get("max_retries", DEFAULT_RETRIES)
    made.default_delay = delay
    return made


def _classes(value: Any) -> tuple[type[BaseException], ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, type) else tuple(value)


def _on_lost(value: Any) -> str:
    return "retry" if value else "fail"


def _expires(value: Any) -> Any:
    return aware(value) if isinstance(value, datetime) else value


def _rate(value: Any) -> RateLimit | None:
    if value in (0, "0", "0/s", "0/m", "0/h"):
        return None
    match = _RATE.fullmatch(str(value))
    if match is None:
        raise NotImplementedError(
            f"rate_limit is a whole number per s, m or h here, not {value!r}. Write '30/m' for a "
            "half per second."
        )
    return RateLimit(f"{match[1]}/{match[2] or 's'}")


def _same(value: Any) -> Any:
    return value


_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "queue": ("queue_name", _same),
    "priority": ("priority", django_priority),
    "acks_late": ("on_lost", _on_lost),
    "soft_time_limit": ("timeout", _same),
    "time_limit": ("hard_timeout", _same),
    "expires": ("expires", _expires),
    "rate_limit": ("rate_limit", _rate),
}

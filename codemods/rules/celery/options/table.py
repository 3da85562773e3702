"""Which rule handles which option."""

from __future__ import annotations

from collections.abc import Callable

from codemods.engine.decorators.given import Option
from codemods.engine.site import Rule
from codemods.rules.celery.options import (
    acks,
    base,
    dropped,
    expires,
    handlers,
    limits,
    name,
    priority,
    queue,
    rate,
    refused,
)
from codemods.rules.celery.options import retry as retry_rule
from codemods.rules.celery.options.build import Build

UNREADABLE = Rule(
    "CEL309",
    "The options cannot be read",
    "`**DEFAULTS` is read when the module assigns it a dict once and nobody changes it. Any other "
    "`**` and positional arguments hide what the task is configured to do, so it stays on Celery. "
    "Write the options out and run again.",
)

_TABLE: dict[str, Callable[[Option, Build], None]] = {
    "queue": queue.queue,
    "priority": priority.priority,
    "name": name.name,
    "acks_late": acks.acks_late,
    "soft_time_limit": limits.soft_time_limit,
    "time_limit": limits.time_limit,
    "serializer": dropped.serializer,
    "bind": dropped.bind,
    "expires": expires.expires,
    "rate_limit": rate.rate_limit,
    "throws": dropped.throws,
    "base": base.base,
    "on_success": handlers.handler,
    "on_failure": handlers.handler,
    **dict.fromkeys(dropped.NAMES, dropped.dropped),
}


def apply_options(build: Build, *, asks: bool, asks_without_delay: bool) -> None:
    """Run the rule of every option."""
    if build.options.unreadable:
        build.refuse(UNREADABLE.code, "the options cannot be read here")
        return
    if build.options.elsewhere:
        reason = f"{build.options.elsewhere}= is given in another module, by names of that module"
        build.refuse(UNREADABLE.code, reason)
        return
    for option in build.options.found.values():
        if option.name not in retry_rule.NAMES:
            _TABLE.get(option.name, refused.refused)(option, build)
    retry_rule.retry_policy(build, asks=asks, asks_without_delay=asks_without_delay)

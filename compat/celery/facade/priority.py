"""Celery's priorities, 0 to 9, on Django's scale."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from compat.celery.priorities import HIGHEST, from_wire

_LOW_FIRST = ("redis", "rediss", "sentinel", "valkey")


def django_priority(level: Any) -> int:
    """Return Django's priority for one that the code's broker would have been told.

    RabbitMQ serves high numbers first, Redis low ones; CELERY_BROKER_URL says which one it was,
    and without that setting it was RabbitMQ. Raise ValueError for what is not from 0 to 9.
    """
    if type(level) is not int or not 0 <= level <= HIGHEST:
        raise ValueError(
            f"priority is a whole number from 0 to {HIGHEST} in Celery's API, not {level!r}. "
            "Priorities of Django, -100 to 100, go to using(priority=...)."
        )
    return from_wire(level, high_first=not _broker().startswith(_LOW_FIRST))


def _broker() -> str:
    for name in ("CELERY_BROKER_URL", "BROKER_URL"):
        value = getattr(settings, name, None)
        if value:
            return str(value[0] if isinstance(value, (list, tuple)) else value)
    return ""

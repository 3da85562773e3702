"""Tasks with policies that Celery has options for."""

from __future__ import annotations

from typing import Any

from bridge import RateLimit, Retry, fixed, task
from bridge.context import AnyContext

tries: list[int] = []


@task(queue_name="mail", priority=-100, expires=60)
def mailed(text: str) -> str:
    return text


@task()
def total(numbers: list[int]) -> int:
    return sum(numbers)


@task()
def type_of(thing: Any) -> str:
    return type(thing).__name__


@task(takes_context=True, retry=Retry(max_attempts=4, backoff=fixed(60)))
def stubborn(context: AnyContext, failures: int) -> int:
    tries.append(context.attempt)
    if context.attempt < failures:
        raise ConnectionError
    return context.attempt


@task(retry=Retry(max_attempts=None, backoff=fixed(60)))
def endless() -> None:
    raise LookupError


@task(rate_limit="15/30s")
def often() -> None: ...


@task(rate_limit=RateLimit("15/30s", key="customer"))
def often_each(customer: int) -> None: ...

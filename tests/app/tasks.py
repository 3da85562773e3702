"""Tasks the suite enqueues."""

from __future__ import annotations

from bridge import Retry, fixed, task
from tests.app.models import Run


@task()
def add(a: int, b: int) -> int:
    return a + b


@task
def note(name: str) -> None:
    Run.objects.create(name=name)


@task(takes_context=True)
def attempt_number(context, offset: int = 0):  # type: ignore[no-untyped-def]
    return context.attempt + offset


@task()
async def add_later(a: int, b: int) -> int:
    return a + b


@task()
def fail(text: str) -> None:
    raise ValueError(text)


@task(retry=Retry(max_attempts=3, on=(ConnectionError,), backoff=fixed(0)))
def unreachable(name: str) -> None:
    Run.objects.create(name=name)
    raise ConnectionError(name)

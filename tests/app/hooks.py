"""Tasks that follow one another."""

from __future__ import annotations

import time
from typing import Any

from bridge import Retry, Unique, fixed, task
from tests.app.models import Run


@task()
def collect(*words: Any) -> None:
    Run.objects.create(name=" ".join(map(str, words)))


@task()
def double(number: int) -> int:
    return number * 2


@task()
def add(a: int, b: int = 0) -> int:
    return a + b


@task(on_success=collect.hook("done"), on_failure=[collect.hook("failed"), collect])
def either(fails: bool) -> str:
    if fails:
        raise ValueError("either")
    return "well"


@task(
    retry=Retry(max_attempts=3, backoff=fixed(0)),
    on_success=collect.hook("done"),
    on_failure=collect.hook("failed"),
)
def stubborn() -> None:
    raise LookupError("again")


@task(queue_name="mail", expires=60, unique=True)
def mail(address: str) -> None:
    Run.objects.create(name=address)


def _broken(number: int) -> str:
    raise ZeroDivisionError(number)


@task(unique=Unique(key=_broken))
def keyless(number: int) -> None: ...


@task()
def work(number: int, fails: bool = False) -> int:
    if fails:
        raise ValueError(number)
    return number


@task()
def labour(number: int, fails: bool = False) -> int:
    time.sleep(0.004)
    return work.func(number, fails)

"""Tasks that say how far they are, listen, and are cancelled, requeued or held back."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from bridge import Concurrency, Retry, TaskCancelled, Unique, fixed, task
from tests.app.models import Run


@task(on_lost="fail")
def heard(result_id: str) -> None:
    Run.objects.create(name=f"heard {result_id}"[:64])


@task(on_failure=heard)
def watched(name: str) -> None:
    Run.objects.create(name=name)


@task(unique=Unique(period=3600))
def once(account: int) -> None:
    Run.objects.create(name=f"once {account}")


@task(concurrency=Concurrency(1))
def one_by_one(name: str) -> None:
    Run.objects.create(name=name)


@task(on_lost="fail", takes_context=True)
def counts(context: Any, seconds: float = 60) -> str:
    """Tell progress until cancelled, then return early."""
    Run.objects.create(name="counts")
    began = time.monotonic()
    number = 0
    while time.monotonic() - began < seconds:
        number += 1
        context.progress(number, None, "counting")
        if context.cancelled:
            return f"stopped at {number}"
        time.sleep(0.02)
    return "done"


@task(on_lost="fail", takes_context=True)
async def counts_later(context: Any, seconds: float = 60) -> str:
    await Run.objects.acreate(name="counts_later")
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        context.progress(time.monotonic() - began, seconds)
        if context.cancelled:
            raise TaskCancelled("The coroutine has heard of it.")
        await asyncio.sleep(0.02)
    return "done"


@task(on_lost="fail", takes_context=True, retry=Retry(max_attempts=5, backoff=fixed(0)))
def gives_up_when_cancelled(context: Any) -> None:
    Run.objects.create(name=f"attempt {context.attempt}")
    while not context.cancelled:
        time.sleep(0.02)
    raise TaskCancelled("The body has heard of it.")


@task(on_lost="retry", takes_context=True, retry=Retry(max_attempts=5, backoff=fixed(3600)))
def fails_when_cancelled(context: Any) -> None:
    """Raise what is retried an hour later."""
    Run.objects.create(name=f"attempt {context.attempt}")
    while not context.cancelled:
        time.sleep(0.02)
    raise ConnectionError("not the word that would have ended it")


@task(takes_context=True)
def cancels_itself(context: Any) -> list[Any]:
    before = context.cancelled
    answer = context.task_result.cancel()
    return [before, answer.name, context.cancelled]


@task(takes_context=True, retry=Retry(max_attempts=2, backoff=fixed(0)))
def tells_once(context: Any) -> Any:
    before = context.task_result.progress
    context.progress(1, 4, "first")
    if context.attempt == 1:
        raise LookupError
    return None if before is None else [before.done, before.total, before.note]

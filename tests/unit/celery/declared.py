"""Tasks with policies that Celery has options for."""

from __future__ import annotations

from typing import Any

import celery.exceptions

from bridge import RateLimit, Retry, fixed, task
from bridge.context import AnyContext
from compat.celery.legacy import celery_handlers, celery_self

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


seen: list[Any] = []


def deliver(celery_task: Any, answer: str) -> str:
    """Do what a helper written for bound Celery tasks does."""
    if answer == "broken":
        celery_task.retry(exc=ConnectionError(answer))
    countdown = celery_task.retry_backoff * (2**celery_task.request.retries)
    try:
        celery_task.retry(countdown=countdown, **celery_task.retry_kwargs)
    except celery.exceptions.Retry as asked:
        seen.append((celery_task.request.retries, asked.when, "again"))
        raise
    except celery.exceptions.MaxRetriesExceededError:
        seen.append((celery_task.request.retries, countdown, "given up"))
    return "given up"


@task(takes_context=True)
def delivers(context: AnyContext, answer: str) -> str:
    bound = celery_self(context, retry_backoff=10, retry_kwargs={"max_retries": 2})
    return deliver(bound, answer)


@task(takes_context=True)
def looks(context: AnyContext, *args: Any, **kwargs: Any) -> None:
    seen.append(celery_self(context))


@task(takes_context=True)
def grouped(context: AnyContext) -> None:
    raise celery_self(context).retry(countdown=0, MessageGroupId="north")


@task(takes_context=True)
def changes(context: AnyContext, change: dict[str, Any]) -> None:
    celery_self(context).retry(**change)


def succeeded(self: Any, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
    seen.append(("succeeded", self.name, retval, task_id, args, kwargs))


def failed(self: Any, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
    seen.append(("failed", exc, task_id, args, kwargs, einfo.type))


@celery_handlers(on_success=succeeded, on_failure=failed)
@task(retry=Retry(max_attempts=2, on=(LookupError,), backoff=fixed(0)))
def handled(error: str, *, at: Any = None) -> str:
    seen.append("ran")
    if error:
        raise {"again": LookupError, "once": ValueError}[error](error)
    return "done"

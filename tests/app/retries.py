"""Tasks that fail, each time in another way, and ask for another attempt."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from django.utils import timezone

from bridge import Retry, exponential, fixed, task
from tests.app.models import Run

ERRORS: tuple[type[Exception], ...] = (ConnectionError, TimeoutError, LookupError)


@task(retry=Retry(max_attempts=4, backoff=fixed(0)), takes_context=True)
def fail_in_three_ways(context: Any) -> int:
    if context.attempt <= len(ERRORS):
        raise ERRORS[context.attempt - 1](f"attempt {context.attempt}")
    return int(context.attempt)


@task(
    retry=Retry(max_attempts=4, on=OSError, never_on=TimeoutError, backoff=fixed(0)),
    takes_context=True,
)
def fail_until_never(context: Any) -> None:
    raise ERRORS[context.attempt - 1](f"attempt {context.attempt}")


@task(retry=Retry(max_attempts=None, backoff=fixed(0)))
def always_fail() -> None:
    raise ConnectionError("again")


@task(retry=Retry(max_attempts=None))
def always_ask() -> None:
    raise Retry(delay=3600)


@task(retry=Retry(max_attempts=3, backoff=exponential(0.4)))
def back_off(name: str) -> None:
    Run.objects.create(name=f"{name} {time.time()}")
    raise ConnectionError(name)


@task(takes_context=True)
def ask_for(context: Any, how: str) -> int:
    """Ask once for another attempt, in about a second or at once."""
    Run.objects.create(name=f"{how} {time.time()}")
    if context.attempt > 1:
        return int(context.attempt)
    soon = timezone.now() + dt.timedelta(seconds=1)
    asked: dict[str, Retry] = {
        "number": Retry(delay=1),
        "timedelta": Retry(delay=dt.timedelta(seconds=1)),
        "aware": Retry(at=soon),
        "aware elsewhere": Retry(at=soon.astimezone(dt.timezone(dt.timedelta(hours=-9)))),
        "naive": Retry(at=timezone.make_naive(soon)),
        "past": Retry(at=soon - dt.timedelta(days=1)),
        "negative": Retry(delay=-5),
    }
    try:
        raise LookupError(how)
    except LookupError as error:
        raise asked[how] from error

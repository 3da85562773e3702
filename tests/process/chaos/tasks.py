"""Tasks that tell the journal when they start, raise and end."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from bridge import Retry, fixed, task
from tests.process.chaos.calls import RETRY_DELAY
from tests.process.chaos.journal import ENDED, RAISED, STARTED, Journal

THRICE = Retry(max_attempts=3, on=(ConnectionError,), backoff=fixed(RETRY_DELAY))
PATIENT = Retry(
    max_attempts=None, on=(OperationalError, InterfaceError), backoff=fixed(RETRY_DELAY)
)

journal = Journal(Path(os.environ["CHAOS_JOURNAL"]))


@contextmanager
def _attempt(context: Any, key: int) -> Iterator[None]:
    journal.write(STARTED, key, context.attempt)
    try:
        yield
    except BaseException:
        journal.write(RAISED, key, context.attempt)
        raise
    journal.write(ENDED, key, context.attempt)


def _work(context: Any, key: int, seconds: float, failures: int = 0) -> list[int]:
    with _attempt(context, key):
        time.sleep(seconds)
        if context.attempt <= failures:
            raise ConnectionError(key)
    return [key, context.attempt]


async def _work_async(context: Any, key: int, seconds: float) -> list[int]:
    with _attempt(context, key):
        await asyncio.sleep(seconds)
    return [key, context.attempt]


@task(on_lost="fail", takes_context=True)
def once(context: Any, key: int, seconds: float, failures: int) -> list[int]:
    return _work(context, key, seconds)


@task(on_lost="retry", takes_context=True)
def often(context: Any, key: int, seconds: float, failures: int) -> list[int]:
    return _work(context, key, seconds)


@task(on_lost="fail", takes_context=True, retry=THRICE)
def once_flaky(context: Any, key: int, seconds: float, failures: int) -> list[int]:
    return _work(context, key, seconds, failures)


@task(on_lost="retry", takes_context=True, retry=THRICE)
def often_flaky(context: Any, key: int, seconds: float, failures: int) -> list[int]:
    return _work(context, key, seconds, failures)


@task(on_lost="fail", takes_context=True)
async def once_async(context: Any, key: int, seconds: float, failures: int) -> list[int]:
    return await _work_async(context, key, seconds)


@task(on_lost="retry", takes_context=True)
async def often_async(context: Any, key: int, seconds: float, failures: int) -> list[int]:
    return await _work_async(context, key, seconds)


@task(on_lost="retry", takes_context=True)
def often_doomed(context: Any, key: int, seconds: float, failures: int) -> None:
    with _attempt(context, key):
        raise ValueError(key)


@task(on_lost="retry", takes_context=True, retry=PATIENT)
def often_asking(context: Any, key: int, seconds: float, failures: int) -> list[int]:
    """Use Django's own connection, which the worker must keep usable."""
    with _attempt(context, key), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return [key, context.attempt]


@task(on_lost="retry", takes_context=True)
def often_slow_at_first(context: Any, key: int, seconds: float, failures: int) -> list[int]:
    return _work(context, key, seconds if context.attempt == 1 else 0)


@task(on_lost="fail", takes_context=True)
def once_poison(context: Any, key: int, seconds: float, failures: int) -> None:
    with _attempt(context, key):
        os.kill(os.getpid(), signal.SIGKILL)


@task(on_lost="retry", takes_context=True)
def often_poison(context: Any, key: int, seconds: float, failures: int) -> None:
    with _attempt(context, key):
        os.kill(os.getpid(), signal.SIGKILL)


def enqueue(calls: Iterable[dict[str, Any]]) -> None:
    """Enqueue calls, each the fields of a Call, in one transaction."""
    with transaction.atomic():
        for call in calls:
            options: dict[str, Any] = {"queue_name": call["queue"], "priority": call["priority"]}
            if call["defer"]:
                options["run_after"] = timezone.now() + timedelta(seconds=call["defer"])
            chosen = globals()[call["task"]].using(**options)
            chosen.enqueue(call["key"], call["seconds"], call["failures"])

"""Tasks the suite enqueues."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time

from django.db import transaction

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


@task(queue_name="mail")
def note_mail(name: str) -> None:
    Run.objects.create(name=name)


@task(on_lost="retry", takes_context=True)
def linger_retry(context, name: str, seconds: float = 60) -> str:  # type: ignore[no-untyped-def]
    return _linger(context, name, seconds)


@task(on_lost="fail", takes_context=True)
def linger_fail(context, name: str, seconds: float = 60) -> str:  # type: ignore[no-untyped-def]
    return _linger(context, name, seconds)


def _linger(context, name: str, seconds: float) -> str:  # type: ignore[no-untyped-def]
    Run.objects.create(name=f"{name} {os.getpid()}")
    if context.attempt == 1:
        time.sleep(seconds)
    return name


@task(unique=True)
def only_one(name: str) -> None:
    Run.objects.create(name=name)


@task(on_success=only_one.hook("hook"), on_lost="retry")
def enqueues_a_unique_one(name: str) -> None:
    Run.objects.create(name=name)


@task(on_lost="retry")
def end_when_told(name: str) -> str:
    while not Run.objects.filter(name=f"end {name}").exists():
        time.sleep(0.05)
    return name


@task(on_lost="retry")
def poison(name: str) -> None:
    Run.objects.create(name=name)
    os.kill(os.getpid(), signal.SIGKILL)


@task(timeout=0.3)
def too_slow() -> None:
    time.sleep(60)


@task(hard_timeout=0.5)
def stuck(name: str) -> None:
    Run.objects.create(name=name)
    time.sleep(60)


@task()
def exits() -> None:
    sys.exit(3)


@task()
def not_storable() -> str:
    return "nul \x00 here"


@task(retry=Retry(max_attempts=3, on=(), backoff=fixed(0)), takes_context=True)
def second_time_lucky(context) -> int:  # type: ignore[no-untyped-def]
    if context.attempt == 1:
        try:
            raise LookupError("first time")
        except LookupError as error:
            raise Retry from error
    return int(context.attempt)


@task(retry=Retry(max_attempts=5, on=()))
def never_lucky() -> None:
    raise Retry(delay=0, max_attempts=2) from LookupError("again")


@task()
def fan_out(count: int) -> None:
    for number in range(count):
        note.enqueue(str(number))


@task(on_lost="retry")
def note_retry(name: str) -> None:
    Run.objects.create(name=name)


@task(on_lost="fail")
def note_fail(name: str) -> None:
    Run.objects.create(name=name)


@task()
def leaves_transaction_open(name: str) -> None:
    transaction.atomic().__enter__()
    Run.objects.create(name=name)


def _broken_backoff(attempt: int) -> float:
    raise ZeroDivisionError(attempt)


@task(retry=Retry(backoff=_broken_backoff))
def breaks_its_policy() -> None:
    raise LookupError("first")


@task(retry=Retry(backoff=fixed(1e12)))
def retries_beyond_the_calendar(name: str) -> None:
    Run.objects.create(name=name)
    raise LookupError(name)


HOARD: list[bytes] = []


@task()
def hoard(mib: int) -> None:
    HOARD.append(os.urandom(1024) * (mib * 1024))
    time.sleep(0.4)


@task()
async def sleep_later(name: str, seconds: float) -> str:
    await Run.objects.acreate(name=name)
    await asyncio.sleep(seconds)
    return name


@task(timeout=0.3)
async def too_slow_later() -> None:
    await asyncio.sleep(60)


@task()
def maps_in_a_pool() -> list[int]:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(abs, [-1, -2])


@task()
def leaves_a_thread_running() -> None:
    threading.Thread(target=time.sleep, args=(3600,)).start()


@task(on_lost="fail")
def ends_its_process_with_0() -> None:
    os._exit(0)

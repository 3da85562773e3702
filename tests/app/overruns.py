"""Tasks that run longer than they may, and those beside them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from types import FrameType

from bridge import Retry, TaskTimeout, fixed, task
from tests.app.models import Run


def _note(name: str) -> None:
    Run.objects.create(name=f"{name} {os.getpid()}")


@task(hard_timeout=0.5)
def hang(name: str, seconds: float = 60) -> str:
    _note(name)
    time.sleep(seconds)
    return name


@task(hard_timeout=0.5)
async def hang_later(name: str, seconds: float = 60) -> str:
    await Run.objects.acreate(name=f"{name} {os.getpid()}")
    await asyncio.sleep(seconds)
    return name


@task(hard_timeout=0.5)
def hold_the_interpreter(name: str) -> None:
    _note(name)
    # The engine lets no other thread run, and takes some centuries.
    re.match(r"(a+)+$", "a" * 60 + "b")


@task(retry=Retry(max_attempts=2, on=(), backoff=fixed(0)), takes_context=True)
def ask_again(context, name: str, seconds: float) -> int:  # type: ignore[no-untyped-def]
    _note(name)
    if context.attempt == 1:
        time.sleep(seconds)
        raise Retry
    return int(context.attempt)


@task(timeout=0.3)
def spin(name: str) -> None:
    _note(name)
    while True:
        time.sleep(0.01)


@task(timeout=0.3)
def block(name: str, seconds: float) -> None:
    _note(name)
    time.sleep(seconds)


@task(timeout=0.3)
def clean_up(name: str) -> str:
    try:
        while True:
            time.sleep(0.01)
    except TaskTimeout as error:
        _note(name)
        return str(error)


@task(timeout=0.3)
def shrug_off(name: str) -> str:
    for _ in range(100):
        try:
            time.sleep(0.01)
        except Exception:
            _note(name)
    return name


@task(timeout=0.3)
async def clean_up_later(name: str) -> None:
    try:
        await asyncio.sleep(60)
    finally:
        await Run.objects.acreate(name=name)


@task(timeout=0.5)
def use_the_alarm(name: str) -> None:
    """Do as libraries do that limit the time of a call of theirs."""

    def rang(number: int, frame: FrameType | None) -> None:
        _note(name)

    before = signal.signal(signal.SIGALRM, rang)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    time.sleep(0.2)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    while True:
        time.sleep(0.01)


@task(timeout=0.5)
def keep_the_alarm(name: str) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while True:
        time.sleep(0.01)


@task(timeout=0.001)
def almost_no_time(name: str) -> None:
    while True:
        time.sleep(0.01)


@task(
    timeout=0.3, retry=Retry(max_attempts=3, on=TaskTimeout, backoff=fixed(0)), takes_context=True
)
def slow_at_first(context, name: str) -> int:  # type: ignore[no-untyped-def]
    _note(name)
    while context.attempt == 1:
        time.sleep(0.01)
    return int(context.attempt)


@task(timeout=0.3, retry=Retry(on=ConnectionError))
def slow_and_not_retried(name: str) -> None:
    _note(name)
    while True:
        time.sleep(0.01)


def _slow_backoff(attempt: int) -> float:
    time.sleep(1)
    return 0


@task(timeout=0.3, retry=Retry(max_attempts=2, backoff=_slow_backoff))
def slow_policy(name: str) -> None:
    raise LookupError(name)

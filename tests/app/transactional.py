"""Tasks whose body and success are one commit."""

from __future__ import annotations

import os
import signal
import time

from django.db import transaction

from bridge import Retry, fixed, task
from tests.app.models import Run


@task(transactional=True, on_lost="retry")
def record(name: str, seconds: float = 0) -> str:
    Run.objects.create(name=name)
    time.sleep(seconds)
    return name


@task(transactional=True, on_lost="retry", takes_context=True)
def record_and_die_at_first(context, name: str) -> None:  # type: ignore[no-untyped-def]
    Run.objects.create(name=name)
    if context.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)


@task(transactional=True)
def record_and_fail(name: str) -> None:
    Run.objects.create(name=name)
    raise ValueError(name)


@task(transactional=True, retry=Retry(max_attempts=3, backoff=fixed(0)), takes_context=True)
def record_at_third_attempt(context, name: str) -> None:  # type: ignore[no-untyped-def]
    Run.objects.create(name=f"{name} {context.attempt}")
    if context.attempt < 3:
        raise ConnectionError(name)


@task(transactional=True)
def record_and_leave_open(name: str) -> None:
    transaction.atomic().__enter__()
    Run.objects.create(name=name)


def _stumble() -> None:
    raise ZeroDivisionError("after the commit")


@task(transactional=True)
def record_and_stumble_after_commit(name: str) -> None:
    transaction.on_commit(_stumble)
    Run.objects.create(name=name)

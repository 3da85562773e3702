"""Run what was enqueued, in the process and in the transaction of a test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from asgiref.sync import sync_to_async

from bridge.backends.immediate import ImmediateBackend
from bridge.backends.ledger import LedgerBackend
from bridge.interface import (
    AnyDjangoResult,
    BaseTaskBackend,
    DjangoDummyBackend,
    DjangoImmediateBackend,
    task_backends,
)
from bridge.testing.commits import enqueue_waiting
from bridge.testing.ledger import LedgerTasks
from bridge.testing.memory import MemoryTasks
from bridge.testing.ran import Pending, Ran, Which

MOST = 1000
"""Attempts that one call makes: a test with more has a task that enqueues itself."""

Ended = list[AnyDjangoResult]


def run_pending_tasks(
    backend: str | None = None,
    *,
    queue: str | Iterable[str] | None = None,
    until_empty: bool = True,
    deferred: bool = False,
    retry_waits: bool = False,
    raise_exceptions: bool = True,
) -> Ended:
    """Run the tasks that wait, as a worker would, and return their results in that order.

    They run one after another on Django's connection, so also inside the transaction of a
    TestCase: of one backend or of all, of the named queues or of all. Those that they enqueue run
    too, unless `until_empty` is False. `deferred` runs also those whose time has not come. Another
    attempt is made at once; with `retry_waits` it is left for later.

    A task that fails for good raises its exception here, like a view in a test client, and those
    behind it stay pending. With `raise_exceptions=False` only its result keeps it.
    """
    enqueue_waiting()
    which = Which(queues=_names(queue), deferred=deferred, retry_waits=retry_waits)
    ended: dict[str, AnyDjangoResult] = {}
    for ran in _run(_pending(backend, which), which, until_empty=until_empty):
        ended[ran.result.id] = ran.result
        if ran.error is not None and (raise_exceptions or isinstance(ran.error, KeyboardInterrupt)):
            ran.error.add_note(
                f"Task {ran.result.task.module_path} (id {ran.result.id}) raised it. "
                "run_pending_tasks(raise_exceptions=False) keeps it in the result."
            )
            raise ran.error
    return list(ended.values())


async def arun_pending_tasks(backend: str | None = None, **options: Any) -> Ended:
    """Do as run_pending_tasks() does."""
    return await sync_to_async(run_pending_tasks, thread_sensitive=True)(backend, **options)


def _run(pending: list[Pending], which: Which, *, until_empty: bool) -> Iterator[Ran]:
    among = None if until_empty else {key for each in pending for key in each.ids()}
    waiting: set[str] = set()
    attempts = 0
    while ran := next((ran for each in pending if (ran := each.run_next(among, waiting))), None):
        yield ran
        if which.retry_waits and not ran.result.is_finished:
            waiting.add(ran.result.id)
        enqueue_waiting()
        attempts += 1
        if attempts == MOST:
            raise RuntimeError(
                f"{MOST} attempts were made and {ran.result.task.module_path!r} was the last: it "
                "probably enqueues itself. Run it with until_empty=False."
            )


def _pending(alias: str | None, which: Which) -> list[Pending]:
    backends = task_backends.all() if alias is None else [task_backends[alias]]
    found = [_pending_of(backend, which) for backend in backends]
    return [each for each in found if each is not None]


def _pending_of(backend: BaseTaskBackend, which: Which) -> Pending | None:
    if isinstance(backend, LedgerBackend):
        return LedgerTasks(backend, which)
    if isinstance(backend, DjangoDummyBackend):
        return MemoryTasks(backend, which)
    if isinstance(backend, (ImmediateBackend, DjangoImmediateBackend)):
        return None  # nothing waits there
    raise TypeError(
        f"TASKS[{backend.alias!r}] is {type(backend).__name__}, whose tasks only its own workers "
        "can run. Name a backend of bridge, or put the tasks on one with "
        '@override_tasks("bridge.DatabaseBackend").'
    )


def _names(queue: str | Iterable[str] | None) -> frozenset[str] | None:
    if queue is None:
        return None
    return frozenset([queue] if isinstance(queue, str) else queue)

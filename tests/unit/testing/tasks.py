"""Tasks that tests of bridge.testing enqueue."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction

from bridge import RESULT_ID, RETURN_VALUE, Retry, TaskContext, fixed, task
from bridge.interface import task_backends
from tests.app.models import Run


def database() -> str:
    """Return the database of the ledger."""
    return getattr(task_backends["default"], "database", "default")


def write(name: str, **fields: Any) -> None:
    Run.objects.using(database()).create(name=name, **fields)


def names() -> list[str]:
    return list(Run.objects.using(database()).order_by("at").values_list("name", flat=True))


@task
def note(name: str) -> str:
    write(name)
    return name


@task(enqueue_on_commit=True)
def note_after_commit(name: str) -> None:
    write(name)


@task
def note_twice(name: str) -> None:
    note.enqueue(f"{name} 1")
    transaction.on_commit(lambda: note.enqueue(f"{name} 2"), using=database())


@task
def spread_for_ever() -> None:
    spread_for_ever.enqueue()


@task
def fail(text: str) -> None:
    write(text)
    raise ValueError(text)


@task
def break_a_constraint(name: str) -> None:
    write(name, id=1)
    write(name, id=1)


@task
def swallow_a_database_error(name: str) -> None:
    write(name, id=1)
    with suppress(IntegrityError):
        write(name, id=1)


@task(retry=Retry(max_attempts=3, backoff=fixed(3600)), takes_context=True)
def third_time_lucky(context: TaskContext) -> int:
    write(f"attempt {context.attempt}")
    if context.attempt < 3:
        raise ConnectionError(context.attempt)
    return context.attempt


@task(transactional=True)
def all_or_nothing(name: str, *, fails: bool = False) -> None:
    write(name)
    transaction.on_commit(lambda: note.enqueue(f"after {name}"), using=database())
    if fails:
        raise ValueError(name)


@task
def leave_a_transaction_open(name: str) -> None:
    transaction.atomic(using=database()).__enter__()
    write(name)


@task(transactional=True)
def leave_a_transaction_open_in_one(name: str) -> None:
    leave_a_transaction_open.func(name)


@task
def note_end(result_id: str, value: Any) -> None:
    write(f"{result_id[:8]} {value}")


@task(
    on_success=note_end.hook(RESULT_ID, RETURN_VALUE),
    on_failure=note_end.hook(RESULT_ID, "failed"),
)
def with_hooks(*, fails: bool = False) -> int:
    if fails:
        raise ValueError(fails)
    return 42


@task(takes_context=True)
def say_and_ask(context: TaskContext) -> bool:
    context.progress(1, 2, "half")
    return context.cancelled


@task
async def note_later(name: str) -> str:
    await sync_to_async(write)(name)
    return name


@task(concurrency=1, rate_limit="1/h")
def limited(name: str) -> None:
    write(name)


@task(expires=60)
def soon_or_never(name: str) -> None:
    write(name)


@task
def press_control_c() -> None:
    raise KeyboardInterrupt

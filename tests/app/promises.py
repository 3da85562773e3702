"""Tasks that show what the Tasks API promises."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from bridge import task
from tests.app.models import Run


@task
def bare() -> int:
    return 42


@task(priority=7, queue_name="mail")
def urgent_mail() -> None: ...


@task
def echo(value: Any) -> Any:
    return value


@task
def tell_types(values: list[Any], last: Any) -> list[Any]:
    return [values, [type(value).__name__ for value in values], last]


seen: list[Any] = []


@task
def see(*values: Any) -> None:
    seen.append(values)


@task
def double_dictionary(key: Any) -> dict[Any, Any]:
    return {key: key * 2}


@task
def returns_an_object() -> object:
    return object()


@task(takes_context=True)
def tells_its_context(context) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    result = context.task_result
    return {
        "id": result.id,
        "status": str(result.status),
        "attempt": context.attempt,
        "path": result.task.module_path,
        "args": result.args,
    }


@task(takes_context=True)
def tries_to_change_its_context(context) -> None:  # type: ignore[no-untyped-def]
    context.task_result = None


@task
async def fails_later(text: str) -> None:
    raise LookupError(text)


@task
def in_a_transaction() -> bool:
    return transaction.get_connection().in_atomic_block


@task(enqueue_on_commit=True)
def note_on_commit(name: str) -> None:
    Run.objects.create(name=name)

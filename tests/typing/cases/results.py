"""A result has the type of what the function returns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, assert_type

from bridge import Call, Task, TaskResult, task
from bridge.interface import P, R


@task()
def add(a: int, b: int) -> int:
    return a + b


@task
def find(name: str) -> dict[str, Any] | None:
    return {name: name}


@task
def forget(name: str) -> None: ...


assert_type(add(1, 2), int)
assert_type(add.enqueue(1, 2).return_value, int)
assert_type(find.enqueue("x").return_value, dict[str, Any] | None)
assert_type(forget.enqueue("x").return_value, None)
assert_type(add.get_result("id").return_value, int)
add.enqueue(1, 2).return_value.lower()  # E: attr-defined reportAttributeAccessIssue

later = add.using(priority=2, run_after=timedelta(hours=1), queue_name="mail", expires=60)
assert_type(later.enqueue(1, 2).return_value, int)
assert_type(later.using(backend="other").get_result("id").return_value, int)

many = add.enqueue_many([(1, 2), {"a": 1, "b": 2}, Call(1, b=2)])
assert_type(many[0].return_value, int)
assert_type(many[1:][0].return_value, int)
assert_type([result.return_value for result in many], list[int])
assert_type(add.enqueue_many((n, 2) for n in range(3)).ids, list[str])


async def main() -> None:
    assert_type((await add.aenqueue(1, 2)).return_value, int)
    assert_type((await add.aget_result("id")).return_value, int)
    assert_type((await add.aenqueue_many([(1, 2)]))[0].return_value, int)


def run(task: Task[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return task.enqueue(*args, **kwargs).return_value


assert_type(run(add, 1, 2), int)
run(add, "x", 2)  # E: arg-type reportArgumentType


def any_task(task: Task, result: TaskResult) -> None: ...


any_task(add, add.enqueue(1, 2))


def of_numbers(task: Task[[int, int], int], result: TaskResult[[int, int], int]) -> None: ...


of_numbers(add, add.enqueue(1, 2))
of_numbers(find, add.enqueue(1, 2))  # E: arg-type reportArgumentType
of_numbers(add, find.enqueue("x"))  # E: arg-type reportArgumentType

"""Calling a coroutine task gives its coroutine; its result has what that awaits to."""

from __future__ import annotations

from typing import Any, assert_type

from bridge import TaskContext, task


@task
async def add(a: int, b: int) -> int:
    return a + b


@task(takes_context=True)
async def find(context: TaskContext, name: str) -> dict[str, Any] | None:
    return {name: name}


@task()
async def forget() -> None: ...


assert_type(add.enqueue(1, 2).return_value, int)
assert_type(add.using(priority=2).enqueue(1, 2).return_value, int)
assert_type(add.enqueue_many([(1, 2)])[0].return_value, int)
assert_type(add.get_result("id").return_value, int)
assert_type(find.enqueue("x").return_value, dict[str, Any] | None)
assert_type(forget.enqueue().return_value, None)
add.enqueue("x", 2)  # E: arg-type reportArgumentType
find.enqueue(1)  # E: arg-type reportArgumentType


async def main() -> None:
    assert_type(await add(1, 2), int)
    assert_type((await add.aenqueue(1, 2)).return_value, int)
    await add("x", 2)  # E: arg-type reportArgumentType

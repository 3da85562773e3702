"""The arguments of a task are those of its function."""

from __future__ import annotations

from collections.abc import Callable

from bridge import RESULT_ID, RETURN_VALUE, task


@task()
def add(a: int, b: int) -> int:
    return a + b


@task
def bare(a: str) -> str:
    return a


@task
def says_nothing_of_its_result(a: int):  # type: ignore[no-untyped-def]
    return a


add(1, 2)
add("x", 2)  # E: arg-type reportArgumentType
add.enqueue(1, b=2)
add.enqueue("x", 2)  # E: arg-type reportArgumentType
add.enqueue(1)  # E: call-arg reportCallIssue
add.enqueue(1, 2, c=3)  # E: call-arg reportCallIssue
bare.enqueue(1)  # E: arg-type reportArgumentType
says_nothing_of_its_result.enqueue(1)
says_nothing_of_its_result.enqueue("x")  # E: arg-type reportArgumentType

add.using(priority=3).enqueue(1, 2)
add.using(priority=3).enqueue("x", 2)  # E: arg-type reportArgumentType
add.using(prio=3)  # E: call-arg reportCallIssue
add.using(run_after=5)  # E: arg-type reportArgumentType

add.hook(1, 2)
add.hook(RETURN_VALUE, b=RESULT_ID)
add.hook("x", 2)  # E: arg-type reportArgumentType
add.hook(1)  # E: call-arg reportCallIssue

add.enqueue_many([(1, 2), {"a": 1, "b": 2}])
add.enqueue_many([1])  # E: list-item reportArgumentType


async def main() -> None:
    await add.aenqueue(1, 2)
    await add.aenqueue("x", 2)  # E: arg-type reportArgumentType


def wants_two_numbers(call: Callable[[int, int], object]) -> None: ...


wants_two_numbers(add)
wants_two_numbers(add.enqueue)
wants_two_numbers(bare.enqueue)  # E: arg-type reportArgumentType

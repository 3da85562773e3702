"""A task that takes a context is called without it."""

from __future__ import annotations

from typing import Any, assert_type

from django.tasks import TaskContext as DjangoTaskContext

from bridge import TaskContext, TaskResult, task


@task(takes_context=True)
def work(context: TaskContext, count: int) -> float:
    context.progress(1, count, "one")
    context.progress("one")  # E: arg-type reportArgumentType
    assert_type(context.cancelled, bool)
    assert_type(context.attempt, int)
    assert_type(context.task_result.progress is None, bool)
    return 1.0


@task(takes_context=True, priority=3)
def works_with_djangos(context: DjangoTaskContext[..., Any], count: int) -> float:
    return 1.0


@task(takes_context=True)  # E: arg-type reportArgumentType
def takes_something_else(context: int, count: int) -> float:
    return 1.0


def plain(context: TaskContext, count: int) -> TaskResult:
    return context.task_result


assert_type(work.enqueue(1).return_value, float)
assert_type(works_with_djangos.enqueue(1).return_value, float)
assert_type(work(1), float)
work.enqueue("x")  # E: arg-type reportArgumentType
work("x")  # E: arg-type reportArgumentType
task(plain, takes_context=True, queue_name="mail").enqueue(1)
task(plain, takes_context=True).enqueue("x")  # E: arg-type reportArgumentType

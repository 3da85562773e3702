"""The helpers for tests take any task, and check what is expected of it by name."""

from __future__ import annotations

from datetime import timedelta

from bridge import task
from bridge.testing import (
    TaskTestCase,
    capture_tasks,
    override_tasks,
    patch_enqueue,
    run_pending_tasks,
)


@task
def add(a: int, b: int) -> int:
    return a + b


class Tests(TaskTestCase):
    @override_tasks("bridge.ImmediateBackend", PROPAGATE=True)
    def test_add(self) -> None:
        self.assert_enqueued(add, args=[1, 2], run_after=timedelta(hours=1), count=1)
        self.assert_enqueued(add, queue="mail")  # E: call-arg reportCallIssue
        self.assert_not_enqueued()
        self.run_pending_tasks("default", queue="mail")
        assert self.captured_tasks[0].args == [1, 2]


def test_add() -> None:
    with capture_tasks() as captured, patch_enqueue(add) as enqueue:
        add.enqueue(1, 2)
    enqueue.assert_called_once_with(1, 2)
    captured.assert_enqueued(add, priority="high")  # E: arg-type reportArgumentType
    for result in run_pending_tasks(queue=["mail"], until_empty=False):
        result.refresh()
    run_pending_tasks(queues="mail")  # E: call-arg reportCallIssue

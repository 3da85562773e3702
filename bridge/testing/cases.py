"""Test cases that know what was enqueued."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack
from unittest import TestResult

from django.test import TestCase

from bridge.interface import AnyDjangoResult, AnyTask
from bridge.testing.capture import CapturedTasks, capture_tasks
from bridge.testing.expectation import Details
from bridge.testing.running import run_pending_tasks

if TYPE_CHECKING:
    from unittest import TestCase as Base
else:
    Base = object


class TaskTestMixin(Base):
    """For test cases: `captured_tasks` has what was enqueued since the beginning of the test."""

    captured_tasks: CapturedTasks

    def run(self, result: TestResult | None = None) -> TestResult | None:
        """Run the test, setUp() included, and look at what is enqueued meanwhile."""
        with capture_tasks() as self.captured_tasks:
            return super().run(result)

    def run_pending_tasks(
        self, backend: str | None = None, **options: Any
    ) -> list[AnyDjangoResult]:
        """Do as the function of that name does."""
        return run_pending_tasks(backend, **options)

    def assert_enqueued(
        self, task: AnyTask, *, count: int | None = None, **details: Unpack[Details]
    ) -> list[AnyDjangoResult]:
        """Fail unless the task was enqueued with these details; return its results."""
        return self.captured_tasks.assert_enqueued(task, count=count, **details)

    def assert_not_enqueued(self, task: AnyTask | None = None, **details: Unpack[Details]) -> None:
        """Fail if the task was enqueued with these details; without a task, if any was."""
        self.captured_tasks.assert_not_enqueued(task, **details)


class TaskTestCase(TaskTestMixin, TestCase):
    """Django's TestCase with tasks."""

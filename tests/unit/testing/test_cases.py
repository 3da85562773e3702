"""TaskTestCase and its mixin."""

from __future__ import annotations

import pytest
from django.test import SimpleTestCase, TransactionTestCase, override_settings

from bridge.testing import TaskTestCase, TaskTestMixin
from tests.app.tasks import add
from tests.unit.testing import tasks


class TestWithDatabase(TaskTestCase):
    def setUp(self) -> None:
        # Without super(): the test case counts all the same.
        tasks.note.enqueue("set up")

    def test_everything_since_the_beginning_is_seen(self) -> None:
        add.using(priority=3).enqueue(1, 2)

        self.assert_enqueued(tasks.note, args=["set up"], count=1)
        (result,) = self.assert_enqueued(add, priority=3)
        self.assert_not_enqueued(tasks.fail)
        assert result.args == [1, 2]
        assert len(self.captured_tasks) == 2
        with pytest.raises(AssertionError, match="args is"):
            self.assert_enqueued(add, args=[2, 1])

    def test_pending_tasks_run_in_the_transaction_of_the_test(self) -> None:
        ended = self.run_pending_tasks()

        assert [result.return_value for result in ended] == ["set up"]
        assert tasks.names() == ["set up"]

    def test_nothing_is_left_of_other_tests(self) -> None:
        assert tasks.names() == []
        assert len(self.captured_tasks) == 1


class TestWithCommits(TaskTestMixin, TransactionTestCase):
    def test_pending_tasks_run(self) -> None:
        tasks.note_after_commit.enqueue("x")

        self.run_pending_tasks()

        assert tasks.names() == ["x"]


@override_settings(TASKS={"default": {"BACKEND": "bridge.DummyBackend"}})
class TestWithoutDatabase(TaskTestMixin, SimpleTestCase):
    def test_pending_tasks_run(self) -> None:
        add.enqueue(1, 2)

        (result,) = self.run_pending_tasks()

        assert result.return_value == 3

    async def test_coroutines_are_seen_too(self) -> None:
        await add.aenqueue(1, 2)

        self.assert_enqueued(add, args=[1, 2])

from __future__ import annotations

import os
import signal
from uuid import uuid4

import pytest

from bridge.interface import TaskError
from bridge.ledger.models import TaskRow
from bridge.outcome import Failed, Outcome, RetryLater, Succeeded
from bridge.worker.last_words import pack, unpack
from bridge.worker.marks import LONGEST_WORDS, NO_DEADLINE, Mark, Marks

ERROR = TaskError(exception_class_path="builtins.ValueError", traceback="Grüße\n")


def test_marks_survive_the_process_that_made_them() -> None:
    marks = Marks(1)
    started, ended = Mark(uuid4(), 3, 12.5), Mark(uuid4(), 4, 12.5)
    pid = os.fork()
    if not pid:
        marks.set(0, started)
        marks.set(5, ended)
        marks.end(5, b"S42")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)

    assert marks.read() == [started, Mark(ended.id, 4, NO_DEADLINE, b"S42")]


def test_slot_used_again_forgets_the_words_of_the_task_before() -> None:
    marks = Marks(1)
    marks.set(0, Mark(uuid4(), 1, NO_DEADLINE))
    marks.end(0, b"S1")
    marks.clear(0)
    assert marks.read() == []

    mark = Mark(uuid4(), 1, NO_DEADLINE)
    marks.set(0, mark)

    assert marks.read() == [mark]


def test_words_too_long_for_a_slot_leave_a_started_task_without_a_deadline() -> None:
    marks = Marks(1)
    first, second = Mark(uuid4(), 1, 9.0), Mark(uuid4(), 1, 9.0)
    marks.set(0, first)
    marks.set(1, second)

    marks.end(0, b"x" * (LONGEST_WORDS + 1))
    marks.end(1, b"y" * LONGEST_WORDS)

    long, short = marks.read()
    assert long == Mark(first.id, 1, NO_DEADLINE, None)
    assert short.words == b"y" * LONGEST_WORDS


@pytest.mark.parametrize(
    ("outcome", "status", "value", "errors", "delay"),
    [
        (Succeeded(value=None), "SUCCESSFUL", None, False, None),
        (Succeeded(value={"a": [1, "ü"]}), "SUCCESSFUL", '{"a":[1,"ü"]}', False, None),
        (Failed(exception=ValueError(), error=ERROR), "FAILED", None, True, None),
        (RetryLater(exception=ValueError(), error=ERROR, delay=2.5), "READY", None, True, 2.5),
    ],
)
def test_outcome_says_the_same_after_a_trip_through_the_marks(
    outcome: Outcome, status: str, value: str | None, errors: bool, delay: float | None
) -> None:
    row = TaskRow(worker="w", token=2, worker_ids=["w:1"])

    how = unpack(row, pack(outcome))

    assert (how.status, how.value, how.delay) == (status, value, delay)
    assert ("Grüße" in (how.errors or "")) == errors
    assert (how.id, how.worker, how.token) == (row.id, "w", 2)

"""Signals, and what Django logs when it hears them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from bridge.interface import task_enqueued, task_finished, task_started, tasks_logger
from bridge.result import AnyResult
from tests.app import promises, tasks
from tests.conformance.harness import API, Harness, finished

SIGNALS = {"enqueued": task_enqueued, "started": task_started, "finished": task_finished}


@pytest.fixture
def sent() -> Iterator[list[tuple[str, type, AnyResult, str]]]:
    """Record every signal as (name, sender, result, the result's status then)."""
    received: list[tuple[str, type, AnyResult, str]] = []
    receivers = {}
    for name, signal in SIGNALS.items():

        def receiver(sender: type, task_result: AnyResult, name: str = name, **more: Any) -> None:
            received.append((name, sender, task_result, str(task_result.status)))

        receivers[name] = receiver
        signal.connect(receiver)
    yield received
    for name, signal in SIGNALS.items():
        signal.disconnect(receivers[name])


def test_signals_are_where_django_has_them() -> None:
    module = __import__(f"{API.__name__}.signals", fromlist=["task_enqueued"])

    assert module.task_enqueued is task_enqueued
    assert module.task_started is task_started
    assert module.task_finished is task_finished


def test_aenqueue_sends_task_enqueued_too(harness: Harness, sent: list[Any]) -> None:
    result = async_to_sync(tasks.add.aenqueue)(1, 2)

    assert sent[0][:2] == ("enqueued", type(harness.backend))
    assert sent[0][2].id == result.id


@pytest.mark.needs("executes", "runs_here")
@pytest.mark.parametrize(
    ("task", "arguments", "end"),
    [
        (tasks.add, (1, 2), "SUCCESSFUL"),
        (tasks.fail, ("on purpose",), "FAILED"),
        (tasks.add_later, (1, 2), "SUCCESSFUL"),
        (promises.fails_later, ("on purpose",), "FAILED"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_each_signal_is_sent_once_by_the_backend_class(
    harness: Harness, sent: list[Any], task: Any, arguments: Any, end: str
) -> None:
    result = finished(harness, task.enqueue(*arguments))

    ours = [(name, sender, status) for name, sender, r, status in sent if r.id == result.id]
    backend = type(harness.backend)
    assert ours == [
        ("enqueued", backend, "READY"),
        ("started", backend, "RUNNING"),
        ("finished", backend, end),
    ]


@pytest.mark.needs("executes", "runs_here")
def test_task_started_is_sent_before_the_function_is_called(
    harness: Harness, sent: list[Any]
) -> None:
    seen = []

    def look(**more: Any) -> None:
        from tests.app.models import Run

        seen.append(Run.objects.filter(name="looked for").count())

    task_started.connect(look)
    task_finished.connect(look)
    try:
        finished(harness, tasks.note.enqueue("looked for"))
    finally:
        task_started.disconnect(look)
        task_finished.disconnect(look)

    assert seen == [0, 1]


def records(caplog: pytest.LogCaptureFixture, result_id: str) -> list[tuple[str, str, bool]]:
    return [
        (record.levelname, record.getMessage(), bool(record.exc_info))
        for record in caplog.records
        if record.name == tasks_logger.name and result_id in record.getMessage()
    ]


@pytest.mark.needs("executes", "runs_here")
def test_signals_are_logged(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger=tasks_logger.name)

    result = finished(harness, tasks.add.enqueue(1, 2))

    start = f"Task id={result.id} path=tests.app.tasks.add"
    assert records(caplog, result.id) == [
        ("DEBUG", f"{start} enqueued backend=default", False),
        ("INFO", f"{start} state=RUNNING", False),
        ("INFO", f"{start} state=SUCCESSFUL", False),
    ]


@pytest.mark.needs("executes", "runs_here")
def test_failure_is_logged_as_an_error_with_its_traceback(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=tasks_logger.name)

    result = finished(harness, tasks.fail.enqueue("on purpose"))

    last = records(caplog, result.id)[-1]
    assert last == ("ERROR", f"Task id={result.id} path=tests.app.tasks.fail state=FAILED", True)

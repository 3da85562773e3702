"""cancel_tasks, requeue_tasks and task_queues."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test import override_settings
from django.utils import timezone

from bridge import DatabaseBackend, paused_queues
from bridge.interface import task_backends
from bridge.ledger import selecting
from bridge.outcome import describe
from tests.app import controlled, tasks

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
HOUR = dt.timedelta(hours=1)


@pytest.fixture(params=list(settings.DATABASES))
def backend(request: pytest.FixtureRequest) -> Iterator[DatabaseBackend]:
    entry = {
        "BACKEND": "bridge.DatabaseBackend",
        "QUEUES": ["default", "mail", "slow"],
        "OPTIONS": {"DATABASE": request.param},
    }
    here = {"BACKEND": "bridge.ImmediateBackend"}
    with override_settings(TASKS={"default": entry, "other": entry, "here": here}):
        backend = task_backends["default"]
        assert isinstance(backend, DatabaseBackend)
        yield backend


def run(command: str, *arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, **options)
    return out.getvalue()


def statuses(backend: DatabaseBackend) -> list[str]:
    return list(backend.store.tasks.order_by("id").values_list("status", flat=True))


def claim(backend: DatabaseBackend, limit: int = 100) -> Any:
    return backend.store.claim(transport="db", worker="w", worker_id="w:1", limit=limit)


def fail_all(backend: DatabaseBackend, error: Exception) -> None:
    for row in claim(backend):
        backend.store.fail(row, describe(error))


def answer(monkeypatch: pytest.MonkeyPatch, text: str | None) -> list[str]:
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        if text is None:
            raise EOFError
        return text

    monkeypatch.setattr("builtins.input", ask)
    return questions


def test_dry_run_changes_nothing_and_counts_by_task_and_queue(backend: DatabaseBackend) -> None:
    tasks.add.enqueue_many([(1, 2)] * 3)
    tasks.note_mail.enqueue("x")

    lines = run("cancel_tasks", "--dry-run").splitlines()

    assert lines[0] == "Would cancel 4 task(s):"
    assert [line.split() for line in lines[1:]] == [
        ["3", "tests.app.tasks.add", "default"],
        ["1", "tests.app.tasks.note_mail", "mail"],
    ]
    assert set(statuses(backend)) == {"READY"}
    assert run("requeue_tasks", "--dry-run") == "Would requeue 0 task(s).\n"


def test_many_tasks_are_cancelled_page_by_page(
    backend: DatabaseBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "PAGE", 3)
    tasks.add.enqueue_many([(1, 2)] * 8)
    claim(backend, 2)

    told = run("cancel_tasks", "--no-input")

    assert told == "Cancelled 6 task(s). 2 that run were asked to stop.\n"
    assert sorted(statuses(backend)) == ["FAILED"] * 6 + ["RUNNING"] * 2


@pytest.mark.parametrize(
    ("arguments", "cancelled"),
    [
        (["--task", "tests.app.tasks.add"], "add far other running"),
        (["--task", "tests.app.tasks.note_mail,nothing.else"], "mail"),
        (["--task", "*_mail"], "mail"),
        (["--task", "tests.app.*"], "add mail far other running"),
        (["--task", "tests*add"], "add far other running"),
        (["--task", "tests.app.tasks.ad."], ""),
        (["--queue", "mail"], "mail"),
        (["--queue", "mail,default"], "add mail far running"),
        (["--queue", "mail", "--queue", "slow"], "mail other"),
        (["--status", "RUNNING"], "running"),
        (["--status", "READY"], "add mail far other"),
        (["--since", "2h"], "mail far other running"),
        (["--until", "2h"], "add"),
        (["--until", "2001-02-03"], ""),
        (["--until", "2001-02-03T12:30"], ""),
        (["--limit", "2"], "running add"),
        (["--backend", "other"], "foreign"),
        (["--backend", "*"], "add mail far other running foreign"),
        (["--queue", "default", "--task", "*add", "--since", "2h"], "far running"),
    ],
)
def test_filters_narrow_down_what_is_meant(
    backend: DatabaseBackend, arguments: list[str], cancelled: str
) -> None:
    running = tasks.add.enqueue(1, 2)
    claim(backend)
    results = {
        "running": running,
        "add": tasks.add.enqueue(1, 2),
        "mail": tasks.note_mail.enqueue("x"),
        "far": tasks.add.using(run_after=HOUR).enqueue(1, 2),
        "other": tasks.add.using(queue_name="slow").enqueue(1, 2),
        "foreign": tasks.add.using(backend="other").enqueue(1, 2),
    }
    backend.store.tasks.filter(id=results["add"].id).update(enqueued_at=timezone.now() - 3 * HOUR)

    run("cancel_tasks", "--no-input", *arguments)

    asked = backend.store.tasks.filter(cancel_requested_at__isnull=False)
    ids = {str(each) for each in asked.values_list("id", flat=True)}
    assert {name for name, result in results.items() if result.id in ids} == set(cancelled.split())


@pytest.mark.parametrize(
    ("error", "count"),
    [
        ("ValueError", 2),
        ("builtins.ValueError", 2),
        ("*Error", 3),
        ("other.ValueError", 0),
        ("LookupError,ValueError", 3),
    ],
)
def test_requeue_by_the_class_of_the_last_error(
    backend: DatabaseBackend, error: str, count: int
) -> None:
    tasks.add.enqueue_many([(1, 2)] * 2)
    fail_all(backend, ValueError("x"))
    tasks.add.enqueue(1, 2)
    fail_all(backend, LookupError("x"))

    assert run("requeue_tasks", "--error", error, "--no-input").startswith(
        f"Requeued {count} task(s)."
    )
    assert statuses(backend).count("READY") == count


def test_requeue_takes_successful_tasks_only_when_asked_to(backend: DatabaseBackend) -> None:
    tasks.add.enqueue(1, 2)
    backend.store.succeed(claim(backend)[0], 3)

    assert run("requeue_tasks", "--no-input") == "Requeued 0 task(s).\n"
    assert run("requeue_tasks", "--no-input", "--status", "SUCCESSFUL") == "Requeued 1 task(s).\n"


def test_requeue_gives_a_new_deadline(backend: DatabaseBackend) -> None:
    tasks.add.using(expires=HOUR).enqueue(1, 2).cancel()

    run("requeue_tasks", "--no-input", "--expires", "3h")

    assert backend.store.tasks.get().expires_at > timezone.now() + 2 * HOUR


def test_requeue_says_what_stays_and_why(backend: DatabaseBackend) -> None:
    first = controlled.once.enqueue(1)
    first.cancel()
    controlled.once.enqueue(1)
    old = tasks.add.enqueue(1, 2)
    old.cancel()
    backend.store.tasks.filter(id=old.id).update(enqueued_at=None, on_lost="fail")

    told = run("requeue_tasks", "--no-input")

    assert told == (
        "Requeued 0 task(s). 1 stay: another task that is not finished has their unique key. "
        "1 stay: old code sent them, and their message is not kept in full.\n"
    )


def test_named_task_that_stays_as_it_is_is_an_error(backend: DatabaseBackend) -> None:
    ready, unknown = tasks.add.enqueue(1, 2), str(uuid4())

    with pytest.raises(CommandError, match=rf"Left as they are: {unknown}, {ready.id}\. .*FAILED"):
        run("requeue_tasks", "--id", unknown, "--id", ready.id)
    assert run("cancel_tasks", "--id", ready.id) == "Cancelled 1 task(s).\n"
    with pytest.raises(CommandError, match="'x' is not the id"):
        run("cancel_tasks", "--id", "x")


@pytest.mark.parametrize("arguments", [[], ["--queue", "default"], ["--task", "*"]])
def test_somebody_is_asked_before_more_than_named_tasks_change(
    backend: DatabaseBackend, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    tasks.add.enqueue(1, 2)

    questions = answer(monkeypatch, "n")
    with pytest.raises(CommandError, match="Nothing was changed"):
        run("cancel_tasks", *arguments)
    assert questions == ["This will cancel 1 task(s). Go on? [y/N] "]
    answer(monkeypatch, None)
    with pytest.raises(CommandError, match=r"This will cancel 1 task\(s\)\. Nobody is here to ask"):
        run("cancel_tasks", *arguments)
    assert statuses(backend) == ["READY"]
    answer(monkeypatch, "y")
    run("cancel_tasks", *arguments)
    assert statuses(backend) == ["FAILED"]


def test_named_tasks_change_without_a_question(
    backend: DatabaseBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = answer(monkeypatch, "n")
    tasks.add.enqueue(1, 2)

    run("cancel_tasks", "--task", "tests.app.tasks.*")

    assert (questions, statuses(backend)) == ([], ["FAILED"])


def test_interrupted_command_keeps_what_is_done(
    backend: DatabaseBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "PAGE", 2)
    tasks.add.enqueue_many([(1, 2)] * 6)
    cancel_many = DatabaseBackend.cancel_many
    calls: list[Any] = []

    def second_is_interrupted(self: Any, ids: Any, **options: Any) -> Any:
        answers = cancel_many(self, ids, **options)
        calls.append(ids)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return answers

    monkeypatch.setattr(DatabaseBackend, "cancel_many", second_is_interrupted)
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("cancel_tasks", interactive=False, stdout=out)

    assert ended.value.code == 130
    assert out.getvalue() == "Cancelled 4 task(s). It was interrupted.\n"
    assert statuses(backend) == ["FAILED"] * 4 + ["READY"] * 2


def in_thread(action: Callable[[], None]) -> threading.Thread:
    def main() -> None:
        action()
        connections.close_all()

    thread = threading.Thread(target=main)
    thread.start()
    return thread


def test_task_that_somebody_else_is_writing_is_waited_for(backend: DatabaseBackend) -> None:
    if connections[backend.database].vendor == "sqlite":
        pytest.skip("one writer at a time")
    results = tasks.add.enqueue_many([(1, 2)] * 3)
    told: list[str] = []
    with transaction.atomic(using=backend.database):
        backend.store.tasks.filter(id=results.ids[1]).update(priority=5)
        thread = in_thread(lambda: told.append(run("cancel_tasks", "--no-input")))
        thread.join(1)
        assert thread.is_alive()
    thread.join(30)

    assert told == ["Cancelled 3 task(s).\n"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cancel_tasks", "--backend", "nope"], "TASKS has no backend 'nope'"),
        (["cancel_tasks", "--backend", "here"], "ImmediateBackend, which keeps no tasks"),
        (["cancel_tasks", "--since", "soon"], "must be a time.*not 'soon'"),
        (["cancel_tasks", "--status", "FAILED"], "invalid choice: 'FAILED'"),
        (["cancel_tasks", "--limit", "0"], "must be at least 1"),
        (["requeue_tasks", "--expires", "soon"], "A duration is"),
        (["task_queues", "pause"], "Which queues"),
        (["task_queues", "pause", "nope"], "'nope' is not in QUEUES"),
        (["task_queues", "pause", "default", "--backend", "here"], "ImmediateBackend"),
    ],
)
def test_wrong_options_are_explained(
    backend: DatabaseBackend, arguments: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)


def test_options_may_come_from_python(backend: DatabaseBackend) -> None:
    tasks.add.enqueue(1, 2)

    assert run("cancel_tasks", until="1h", dry_run=True) == "Would cancel 0 task(s).\n"
    with pytest.raises(CommandError, match="A time must be"):
        run("cancel_tasks", until="soon")


def test_queues_are_listed_with_what_they_hold(backend: DatabaseBackend) -> None:
    tasks.add.enqueue_many([(1, 2)] * 3)
    claim(backend, 1)
    tasks.add.using(run_after=HOUR).enqueue(1, 2)
    controlled.one_by_one.using(queue_name="mail").enqueue("x")

    assert run("task_queues", "pause", "mail") == "mail: paused\n"
    assert run("task_queues", "pause", "mail", "slow") == "mail: paused already\nslow: paused\n"
    lines = [line.split() for line in run("task_queues").splitlines()]

    assert lines == [
        ["default", "(db,", f"{backend.database})"],
        ["QUEUE", "READY", "RUNNING", "DEFERRED", "LIMITED", "STATE"],
        ["default", "2", "1", "1", "0"],
        ["mail", "0", "0", "0", "1", "paused"],
        ["slow", "0", "0", "0", "0", "paused"],
    ]
    assert run("task_queues", "resume", "mail", "default") == (
        "mail: resumed\ndefault: not paused\n"
    )
    assert paused_queues() == ["slow"]

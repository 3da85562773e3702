"""`celery_handlers`: what Celery called when a task had ended is still called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import Celery, current_app
from django.conf import settings
from django.test import override_settings

from bridge.interface import TaskResultStatus
from compat.celery.backend import CeleryBackend
from compat.celery.legacy import celery_task
from tests.unit.celery import declared
from tests.unit.celery.test_attempt import Worker

IMMEDIATE = {"default": {"BACKEND": "bridge.ImmediateBackend"}}
database = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))


@pytest.fixture
def at_once(unsubscribed: None) -> Iterator[None]:
    declared.seen.clear()
    with override_settings(TASKS=IMMEDIATE):
        yield


def test_success_is_told_with_the_value_and_the_arguments(at_once: None) -> None:
    result = declared.handled.enqueue("", at=1)

    name = "tests.unit.celery.declared.handled"
    assert declared.seen == ["ran", ("succeeded", name, "done", result.id, [""], {"at": 1})]


def test_failure_is_told_once_after_the_last_attempt(at_once: None) -> None:
    result = declared.handled.enqueue("again")

    *runs, told = declared.seen
    assert runs == ["ran", "ran"]
    assert (told[0], str(told[1]), told[2:]) == (
        "failed",
        "again",
        (result.id, ["again"], {}, LookupError),
    )


def test_direct_call_tells_nobody(at_once: None) -> None:
    assert declared.handled("") == "done"
    with pytest.raises(ValueError, match="once"):
        declared.handled("once")
    assert declared.seen == ["ran", "ran"]


def test_handler_that_fails_leaves_the_result_as_it_is(
    at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(list[object]):
        def append(self, item: object) -> None:
            if isinstance(item, tuple):
                raise OSError(item)

    monkeypatch.setattr(declared, "seen", Refusing())

    result = declared.handled.enqueue("")

    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, "done")


@database
def test_celery_worker_tells_too(backend: CeleryBackend, app: Celery) -> None:
    declared.seen.clear()
    backend.on_ready()
    task_id, state = Worker(app).run("tests.unit.celery.declared.handled", ("once",))

    assert state == "FAILURE"
    assert [each[2] for each in declared.seen[1:]] == [task_id]


def test_arguments_that_are_no_json_reach_the_handler_as_they_are(at_once: None) -> None:
    conf = current_app.conf
    before, conf.task_always_eager = conf.task_always_eager, True
    try:
        celery_task(declared.handled).apply(kwargs={"error": "", "at": {1, 2}})
    finally:
        conf.task_always_eager = before

    assert declared.seen[-1][-1] == {"error": "", "at": {1, 2}}

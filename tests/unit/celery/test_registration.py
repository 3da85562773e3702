"""Every declared task is a Celery task, under all its names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from celery import Celery
from django.core.exceptions import ImproperlyConfigured

from bridge import registry
from bridge.base import Task
from compat.celery import registration
from compat.celery.backend import CeleryBackend
from compat.celery.relay import relay
from tests.app import tasks


@pytest.fixture
def registered(backend: CeleryBackend) -> CeleryBackend:
    """The backend, after Django became ready."""
    backend.on_ready()
    return backend


def declare(name: str, **policies: object) -> Task[..., object]:
    """Declare a task whose function has another name."""

    def body() -> None:
        pass

    body.__qualname__ = body.__name__ = name
    body.__module__ = __name__
    return Task(func=body, **policies)  # type: ignore[arg-type]


@pytest.mark.parametrize("finalized", [True, False])
def test_task_is_known_under_its_path_and_its_legacy_names(
    registered: CeleryBackend, app: Celery, finalized: bool
) -> None:
    if finalized:
        app.finalize()
    late = declare(f"late_{finalized}".lower())

    assert {"legacy.note", "tests.app.tasks.note", "tests.app.tasks.add"} <= app.tasks.keys()
    assert late.module_path in app.tasks
    assert app.tasks["legacy.note"].bridged == "tests.app.tasks.note"


def test_task_declared_again_is_registered_once(registered: CeleryBackend, app: Celery) -> None:
    app.finalize()
    first = declare("again")
    celery_task = app.tasks[first.module_path]

    declare("again")  # Celery would warn of a second registration, and warnings are errors here

    assert app.tasks[first.module_path] is celery_task


def test_copies_made_by_using_are_not_registered(registered: CeleryBackend, app: Celery) -> None:
    before = set(app.tasks)

    tasks.note.using(priority=5)

    assert set(app.tasks) == before


def test_policies_become_options_of_the_celery_task(
    configure: Callable[..., CeleryBackend], app: Celery
) -> None:
    configure(ON_LOST="fail").on_ready()
    early, late = declare("early"), declare("late", on_lost="retry", hard_timeout=90)

    assert app.tasks[early.module_path].acks_late is False
    assert app.tasks[late.module_path].acks_late is True
    assert app.tasks[late.module_path].time_limit == 90
    assert app.tasks[late.module_path].max_retries is None
    assert app.tasks[late.module_path].reject_on_worker_lost is False


def test_two_tasks_cannot_have_one_legacy_name(
    configure: Callable[..., CeleryBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = configure(ALIASES={"legacy.note": "tests.app.tasks.add"})
    monkeypatch.setitem(registration._paths, "legacy.note", "tests.app.tasks.note")

    with pytest.raises(ImproperlyConfigured, match=r"'legacy.note'.*Remove one"):
        registration.register(tasks.add)

    assert backend.aliases.path("legacy.note") == "tests.app.tasks.add"


def test_worker_refuses_a_celery_task_with_the_name_of_ours(
    registered: CeleryBackend, app: Celery
) -> None:
    registration.verify(app)
    ours = declare("taken")
    app.tasks.unregister(ours.module_path)
    app.task(name=ours.module_path, shared=False)(relay)

    with pytest.raises(ImproperlyConfigured, match=ours.module_path):
        registration.verify(app)
    del registration._paths[ours.module_path], registry._declared[ours.module_path]


def test_celery_task_called_directly_calls_the_function(
    registered: CeleryBackend, app: Celery
) -> None:
    assert app.tasks["tests.app.tasks.add"](1, 2) == 3
    assert app.tasks["tests.app.tasks.attempt_number"](10) == 11


def test_registry_keeps_one_listener(registered: CeleryBackend) -> None:
    registered.on_ready()

    assert registry._listeners.count(registration.register) == 1

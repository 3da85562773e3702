"""E007, E009, W010 to W013: what tasks declare."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import modify_settings, override_settings

from bridge import RateLimit, Retry, registry, task
from bridge.checks.policies import declared_policies
from bridge.interface import DjangoDummyBackend
from bridge.policies import POLICIES
from tests.app import tasks
from tests.unit.checks.found import entry, find

pytestmark = pytest.mark.django_db(databases=list(settings.DATABASES))

FOREIGN = f"{DjangoDummyBackend.__module__}.DummyBackend"
CELERY = entry("bridge.CeleryBackend", APP="tests.app.celery.app")
EVERY: dict[str, Any] = {
    "retry": Retry(),
    "timeout": 5,
    "hard_timeout": 10,
    "on_lost": "fail",
    "expires": 60,
    "unique": True,
    "concurrency": 2,
    "rate_limit": "5/m",
    "transactional": True,
    "on_success": tasks.note,
    "on_failure": tasks.note,
    "enqueue_on_commit": True,
}

Declare = Callable[..., Any]


def work() -> None:
    """Do nothing."""


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Declare a task that only these checks know."""
    known: list[Any] = []
    monkeypatch.setattr(registry, "_declared", {})
    monkeypatch.setattr(registry, "_ignored", {})
    monkeypatch.setattr(registry, "_listeners", [])

    def make(**policies: Any) -> None:
        known.append(task(**policies)(work))

    return make


def test_every_policy_is_tried_here() -> None:
    assert tuple(EVERY) == POLICIES


def test_foreign_backend_ignores_every_policy(declare: Declare) -> None:
    with override_settings(TASKS={"default": entry(FOREIGN)}):
        declare(**EVERY)

    (warning,) = find("W010", default=entry(FOREIGN))
    assert warning.msg == (
        f"Task '{__name__}.work' declares {', '.join(POLICIES)}, which DummyBackend of "
        "TASKS['default'] ignores."
    )
    assert warning.obj == f"{__name__}.work"
    assert find("W010", other=entry()) == []  # that backend is gone


def test_task_without_policies_is_fine_on_a_foreign_backend(declare: Declare) -> None:
    with override_settings(TASKS={"default": entry(FOREIGN)}):
        declare(timeout=None, transactional=False, queue_name="mail")

    assert find("W010", default=entry(FOREIGN)) == []


def test_celery_ignores_concurrency_and_each_worker_keeps_the_rate(declare: Declare) -> None:
    with override_settings(TASKS={"default": CELERY}):
        declare(**EVERY)

    (warning,) = find("W010", default=CELERY)
    assert "declares concurrency, which CeleryBackend" in warning.msg
    (warning,) = find("W013", default=CELERY)
    assert "'5/m', which each Celery worker keeps for itself" in warning.msg


def test_celery_knows_no_rate_by_key(declare: Declare) -> None:
    with override_settings(TASKS={"default": CELERY}):
        declare(rate_limit=RateLimit("5/m", key=lambda: "shop"))

    (warning,) = find("W013", default=CELERY)
    assert "which Celery workers ignore" in warning.msg


@pytest.mark.parametrize("backend", ["DatabaseBackend", "ImmediateBackend", "DummyBackend"])
def test_database_honours_all_and_test_backends_say_nothing(declare: Declare, backend: str) -> None:
    declare(**EVERY)

    assert find("W010", default=entry(f"bridge.{backend}")) == []


def test_policies_left_alone_are_not_declared() -> None:
    assert declared_policies(tasks.add) == []
    assert declared_policies(tasks.unreachable) == ["retry"]


@pytest.mark.parametrize(("timeout", "hard"), [(10, 10), (timedelta(minutes=1), 20)])
def test_timeout_that_never_comes(declare: Declare, timeout: Any, hard: Any) -> None:
    declare(timeout=timeout, hard_timeout=hard)

    (warning,) = find("W011")
    assert repr(timeout) in warning.msg
    assert repr(hard) in warning.msg


def test_timeout_before_the_hard_one_is_fine(declare: Declare) -> None:
    declare(timeout=9, hard_timeout=10)

    assert find("W011") == []


class ModelsElsewhere:
    """A router that writes the project's models into a database that is not the ledger's."""

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default" if model._meta.app_label == "bridge" else "elsewhere"


def test_commit_that_holds_nothing_of_the_body(declare: Declare) -> None:
    declare(transactional=True)

    assert find("W012") == []
    with override_settings(DATABASE_ROUTERS=[f"{__name__}.ModelsElsewhere"]):
        (warning,) = find("W012")
    assert "is transactional, and its ledger is in 'default'" in warning.msg


def test_other_tasks_may_keep_their_ledger_anywhere(declare: Declare) -> None:
    declare(retry=Retry())

    with override_settings(DATABASE_ROUTERS=[f"{__name__}.ModelsElsewhere"]):
        assert find("W012") == []


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The tasks module of an installed app."""
    (tmp_path / "checked_app").mkdir()
    (tmp_path / "checked_app" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with modify_settings(INSTALLED_APPS={"append": "checked_app"}):
        yield tmp_path / "checked_app" / "tasks.py"
    for name in ("checked_app", "checked_app.tasks"):
        sys.modules.pop(name, None)


def test_tasks_module_with_a_task_that_cannot_be(app: Path) -> None:
    app.write_text("from bridge import task\n@task(queue_name='nowhere')\ndef send(): ...\n")

    (error,) = find("E007")
    assert error.obj == "checked_app.tasks"
    assert "nowhere" in error.msg


def test_tasks_module_on_a_backend_that_is_not_there(app: Path) -> None:
    app.write_text("from bridge import task\n@task(backend='nowhere')\ndef send(): ...\n")

    assert "nowhere" in find("E007")[0].msg


def test_tasks_module_of_another_library_is_left_alone(app: Path) -> None:
    app.write_text("import no_such_library\n")

    assert find("E007") == []


def test_tasks_nobody_has_imported_are_checked(app: Path, declare: Declare) -> None:
    app.write_text("from bridge import task\n@task(concurrency=2)\ndef send(): ...\n")

    (warning,) = find("W010", default=CELERY)
    assert warning.obj == "checked_app.tasks.send"


@pytest.mark.skipif(len(settings.DATABASES) < 2, reason="needs two databases")
def test_hook_in_another_database_is_an_error(declare: Declare) -> None:
    (_, other, *_) = settings.DATABASES
    there = entry("bridge.DatabaseBackend", DATABASE=other)
    here = entry("bridge.DatabaseBackend", DATABASE="default")
    with override_settings(TASKS={"default": here, "far": here}):
        declare(on_success=tasks.note.using(backend="far"))

    (found,) = find("E009", default=here, far=there)

    assert "'tests.app.tasks.note'" in found.msg
    assert "TASKS['far']" in found.msg
    assert find("E009", default=here, far=here) == []
    assert len(find("E009", default=here)) == 1

"""W020 and W021: what --deploy says without a connection."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from bridge.interface import DjangoDummyBackend
from tests.app.celery import app
from tests.unit.checks.found import entry, find

pytestmark = pytest.mark.django_db(databases=list(settings.DATABASES))

LIBRARY = DjangoDummyBackend.__module__.partition(".backends")[0]


@pytest.mark.parametrize(
    "backend",
    [
        "bridge.ImmediateBackend",
        "bridge.DummyBackend",
        f"{LIBRARY}.backends.immediate.ImmediateBackend",
        f"{LIBRARY}.backends.dummy.DummyBackend",
    ],
)
def test_backend_for_tests_is_spoken_of_with_deploy_only(backend: str) -> None:
    (warning,) = find("W020", deploy=True, default=entry(backend))

    assert warning.msg.startswith(f"TASKS['default'] is {backend.rpartition('.')[2]}")
    assert find("W020", default=entry(backend)) == []


def test_backends_with_workers_are_for_production() -> None:
    celery = entry("bridge.CeleryBackend", APP="tests.app.celery.app")

    assert find("W020", deploy=True, default=entry(), celery=celery) == []

    app.conf.task_always_eager = True
    try:
        (warning,) = find("W020", deploy=True, default=entry(), celery=celery)
    finally:
        app.conf.task_always_eager = False
    assert "TASKS['celery'] has task_always_eager" in warning.msg


@pytest.mark.parametrize("mode", [{}, {"transaction_mode": "deferred"}])
def test_sqlite_that_locks_when_it_writes(
    monkeypatch: pytest.MonkeyPatch, mode: dict[str, Any]
) -> None:
    assert find("W021", deploy=True) == []

    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", mode)
    (warning,) = find("W021", deploy=True)
    assert "transaction_mode of DATABASES['default']" in warning.msg
    assert find("W021") == []


@pytest.mark.parametrize("database", [name for name in settings.DATABASES if name != "default"])
def test_servers_have_no_transaction_mode(database: str) -> None:
    assert find("W021", deploy=True, default=entry(DATABASE=database)) == []

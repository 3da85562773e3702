"""Old tasks are deleted beside the work: a little at a time, by the settings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import override_settings

from bridge.interface import task_backends
from bridge.ledger import pruning
from bridge.worker import tidying
from bridge.worker.tidying import Tidying
from tests.unit.test_pruning import add, names

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
FOREVER = 3600.0


@pytest.fixture(params=list(settings.DATABASES))
def using(request: pytest.FixtureRequest) -> Iterator[str]:
    with retention(request.param, {"SUCCESSFUL": "7d"}), mock.patch.object(pruning, "CHUNK", 10):
        yield request.param


def retention(using: str, value: Any) -> Any:
    options = {"DATABASE": using, "RETENTION": value}
    return override_settings(
        TASKS={"default": {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options}}
    )


def new() -> Tidying:
    return Tidying(task_backends["default"])  # type: ignore[arg-type]


def test_old_tasks_of_its_backend_are_deleted(using: str, caplog: Any) -> None:
    add(using, count=25)
    add(using, status="FAILED", queue_name="failed")
    add(using, backend="other", queue_name="other")
    caplog.set_level(logging.INFO, "bridge.worker")

    new().work(FOREVER)

    assert names(using) == ["failed", "other"]
    assert [record.getMessage() for record in caplog.records if "RETENTION" in record.msg] == [
        "deleted by RETENTION: successful=25"
    ]


def test_work_goes_on_where_it_was_left(using: str) -> None:
    add(using, count=25)
    tidying = new()

    left = [len(names(using)) for _ in range(4) if not tidying.work(0)]

    assert left == [15, 5, 0, 0]


def test_ledger_is_looked_through_again_after_a_pause(using: str) -> None:
    worker = new()
    with mock.patch.object(tidying.time, "monotonic", return_value=1000.0) as clock:
        worker.work(FOREVER)
        add(using)
        clock.return_value += tidying.PAUSE / 2
        worker.work(FOREVER)
        assert len(names(using)) == 1
        clock.return_value += tidying.PAUSE
        worker.work(FOREVER)

    assert names(using) == []


@pytest.mark.parametrize("value", [None, {}, {"FAILED": None}])
def test_without_retention_nothing_is_deleted_or_read(value: Any) -> None:
    add("default", days=9999)
    with retention("default", value), mock.patch.object(tidying, "prune") as prune:
        new().work(FOREVER)

    assert not prune.called
    assert len(names("default")) == 1


@pytest.mark.parametrize("error", [OperationalError("away"), ValueError("broken")])
def test_error_ends_the_pass_and_not_the_worker(using: str, error: Exception, caplog: Any) -> None:
    worker = new()
    with mock.patch.object(tidying, "prune", side_effect=error) as prune:
        worker.work()
        worker.work()

    assert prune.call_count == 1
    assert "Old tasks" in caplog.text

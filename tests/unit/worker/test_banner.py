from __future__ import annotations

from typing import Any, cast

import pytest
from django.db import connection
from django.test import override_settings

from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends
from bridge.worker.banner import banner
from bridge.worker.options import WorkerOptions
from bridge.worker.queues import choose_queues


def line(exclude: tuple[str, ...] = (), **options: Any) -> str:
    backend = cast("LedgerBackend", task_backends["default"])
    return banner(
        "host:7:ab",
        backend,
        WorkerOptions(backend="default", **options),
        choose_queues(backend, (), exclude),
    )


def test_banner_says_in_one_line_who_serves_what_and_where() -> None:
    assert line(processes=2, concurrency=4) == (
        "db_worker worker=host:7:ab backend=default database=sqlite:default queues=all "
        "processes=2x4 wake_up=data_version+look/1s; Ctrl+C stops it"
    )


def test_banner_names_limits_and_modes_that_were_asked_for() -> None:
    text = line(("mail", "slow"), max_tasks=1_000_000, max_rss=512.5, batch=True, interval=0.25)

    assert ' queues="all but mail,slow" ' in text
    assert " wake_up=data_version+look/0.25s max_tasks=1000000 max_rss=512.5 batch=yes;" in text


@pytest.mark.parametrize(
    ("vendor", "options", "wake_up"),
    [
        ("postgresql", {}, "notify+look/1s"),
        ("postgresql", {"PGBOUNCER": True}, "look/1s"),
        ("mysql", {}, "poll+look/1s"),
    ],
)
def test_banner_says_what_wakes_the_worker(
    monkeypatch: pytest.MonkeyPatch, vendor: str, options: dict[str, Any], wake_up: str
) -> None:
    monkeypatch.setattr(connection, "vendor", vendor, raising=False)
    tasks = {"default": {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options}}

    with override_settings(TASKS=tasks):
        assert f" wake_up={wake_up};" in line()

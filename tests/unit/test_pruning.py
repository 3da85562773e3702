"""What is deleted of finished tasks, and what is not, in every database."""

from __future__ import annotations

import datetime as dt
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bridge.ledger import pruning
from bridge.ledger.models import BatchRow, LimitRow, TaskRow
from bridge.ledger.pruning import Pruned, Selection, count, prune
from bridge.retention import Retention, retention_of

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
DAY = dt.timedelta(days=1)
WEEK = Retention(7 * DAY, 7 * DAY)


@pytest.fixture(params=list(settings.DATABASES))
def using(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def small_chunks() -> Any:
    with mock.patch.object(pruning, "CHUNK", 10):
        yield


def add(using: str, *, days: float | None = 30, count: int = 1, **fields: Any) -> list[TaskRow]:
    """Add rows that finished so many days ago, all at the same moment."""
    now = timezone.now()
    values = {
        "task_path": "tests.app.tasks.add",
        "backend": "default",
        "transport": "db",
        "on_lost": "retry",
        "status": "SUCCESSFUL",
        "enqueued_at": now,
        "finished_at": None if days is None else now - days * DAY,
        **fields,
    }
    return TaskRow.objects.using(using).bulk_create([TaskRow(**values) for _ in range(count)])


def names(using: str) -> list[str]:
    rows = TaskRow.objects.using(using).order_by("id")
    return list(rows.values_list("queue_name", flat=True))


def run(using: str, retention: Retention = WEEK, **selection: Any) -> Pruned:
    total = Pruned()
    for pruned in prune(using, Selection(retention=retention, **selection)):
        total += pruned
    return total


def test_old_tasks_go_and_young_ones_stay(using: str) -> None:
    add(using, days=7.1, queue_name="old")
    add(using, days=6.9, queue_name="young")

    assert run(using) == Pruned(SUCCESSFUL=1)
    assert names(using) == ["young"]


def test_each_state_has_its_age(using: str) -> None:
    for status in ("SUCCESSFUL", "FAILED"):
        for days in (2, 20):
            add(using, days=days, status=status, queue_name=f"{status} {days}")

    assert run(using, Retention(DAY, 10 * DAY)) == Pruned(SUCCESSFUL=2, FAILED=1)
    assert names(using) == ["FAILED 2"]


def test_state_without_an_age_is_kept_for_ever(using: str) -> None:
    add(using, days=9999, status="FAILED")
    add(using, days=9999)

    assert run(using, Retention(DAY, None)) == Pruned(SUCCESSFUL=1)
    assert run(using, Retention(None, None)) == Pruned()
    assert len(names(using)) == 1


@pytest.mark.parametrize("status", ["READY", "RUNNING"])
def test_what_is_not_finished_is_never_deleted(using: str, status: str) -> None:
    add(using, days=None, status=status)
    add(using, status=status)  # a time that should not be there

    assert run(using, Retention(dt.timedelta(0), dt.timedelta(0))) == Pruned()
    assert len(names(using)) == 2


def test_many_are_deleted_in_short_transactions(using: str, small_chunks: None) -> None:
    add(using, count=25)
    add(using, count=12, days=20, status="FAILED")
    add(using, days=1, queue_name="young")

    steps = [sum(pruned.values()) for pruned in prune(using, Selection(retention=WEEK))]

    assert steps == [10, 10, 10, 7]
    assert names(using) == ["young"]


def test_chunk_is_read_where_the_last_one_ended(using: str, small_chunks: None) -> None:
    add(using, count=10, days=30)
    add(using, count=10, days=20)
    steps = prune(using, Selection(retention=WEEK))
    next(steps)

    with CaptureQueriesContext(connections[using]) as queries:
        next(steps)

    reads = [
        query["sql"] for query in queries if "SELECT" in query["sql"] and "LIMIT" in query["sql"]
    ]
    assert len(reads) == 1
    assert "finished_at` >= '" in reads[0] or 'finished_at" >= ' in reads[0]


def test_stopping_in_between_loses_nothing(using: str, small_chunks: None) -> None:
    add(using, count=25)
    next(prune(using, Selection(retention=WEEK)))
    assert len(names(using)) == 15

    assert run(using) == Pruned(SUCCESSFUL=15)


def test_selection_by_backend_queue_and_task(using: str) -> None:
    add(using, backend="other", queue_name="other backend")
    for queue in ("mail", "slow"):
        for path in ("shop.tasks.send", "shop.tasks.sent", "shop_tasks.send"):
            add(using, queue_name=queue, task_path=path)

    assert run(using, backend="default", queues=("mail",), tasks=("shop.tasks.send",)) == Pruned(
        SUCCESSFUL=1
    )
    assert run(using, backend="default", tasks=("shop.*", "none.*")) == Pruned(SUCCESSFUL=3)
    assert run(using, backend="default") == Pruned(SUCCESSFUL=2)
    assert names(using) == ["other backend"]
    assert run(using) == Pruned(SUCCESSFUL=1)


def test_task_requeued_in_the_meantime_stays(using: str) -> None:
    (row,) = add(using)
    rows = [("SUCCESSFUL", row.id, row.finished_at)]
    TaskRow.objects.using(using).update(status="READY", finished_at=None)

    assert pruning._delete(using, rows) == Pruned()
    assert len(names(using)) == 1


@pytest.mark.parametrize("kept", [True, False])
def test_task_stays_while_its_key_is_kept(using: str, kept: bool) -> None:
    until = timezone.now() + (DAY if kept else -DAY)
    add(using, unique_key="key", unique_until=until)

    assert run(using)["SUCCESSFUL"] == (not kept)


def test_batch_goes_with_the_last_of_its_tasks(using: str, small_chunks: None) -> None:
    def batch(finished: float | None) -> Any:
        at = None if finished is None else timezone.now() - finished * DAY
        batch = BatchRow(total=2, pending=0, created_at=timezone.now(), finished_at=at)
        batch.save(using=using)
        return batch.id

    running, young, halved = batch(None), batch(1), batch(20)
    batches = [batch(20) for _ in range(25)]
    for each in batches:
        add(using, batch_id=each)
    add(using, batch_id=running, queue_name="of a running batch")
    add(using, batch_id=halved)
    add(using, batch_id=halved, days=1, queue_name="young")

    assert run(using) == Pruned(SUCCESSFUL=26, batches=25)
    assert names(using) == ["of a running batch", "young"]
    left = BatchRow.objects.using(using).values_list("id", flat=True)
    assert set(left) == {running, young, halved}


def test_limit_nobody_asks_about_is_forgotten(using: str, small_chunks: None) -> None:
    (runner,) = add(using, days=None, status="RUNNING")
    old, now = timezone.now() - 1.1 * DAY, timezone.now()
    states = {"ended": [[str(uuid4()), 1]], "runs": [[str(runner.id), 1]], "rate": [[1.5, 3]]}
    limits = LimitRow.objects.using(using)
    for key, state in states.items():
        limits.create(key=key, state=state, touched_at=old)
    limits.create(key="recent", state=[], touched_at=now)
    limits.bulk_create(LimitRow(key=f"x{i}", state=[], touched_at=old) for i in range(23))

    assert run(using) == Pruned(limits=25)
    assert set(limits.values_list("key", flat=True)) == {"runs", "recent"}


def test_rows_that_others_hold_are_left_out_and_not_waited_for(using: str) -> None:
    if not connections[using].features.has_select_for_update_skip_locked:
        pytest.skip("one writer at a time")
    add(using, count=2)

    def elsewhere() -> Pruned:
        try:
            return run(using)
        finally:
            connections.close_all()

    with transaction.atomic(using=using), ThreadPoolExecutor(1) as pool:
        held = TaskRow.objects.using(using).select_for_update().order_by("id").first()
        assert held is not None
        assert pool.submit(elsewhere).result(30) == Pruned(SUCCESSFUL=1)

    assert run(using) == Pruned(SUCCESSFUL=1)


def test_count_deletes_nothing(using: str) -> None:
    add(using, count=3)
    add(using, count=2, status="FAILED")
    add(using, days=1)

    assert count(using, Selection(retention=WEEK)) == Pruned(SUCCESSFUL=3, FAILED=2)
    assert len(names(using)) == 6


def command(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("prune_db_task_results", *arguments, stdout=out, **options)
    return out.getvalue().strip()


def test_command_deletes_by_the_same_options_as_that_of_django_tasks_db() -> None:
    for days in (13, 15):
        add("default", days=days)
        add("default", days=days, status="FAILED")

    assert command("--dry-run") == "Would delete 2 task result(s): 1 successful, 1 failed"
    assert command("--failed-min-age-days", "20", "--queue-name", "mail,default") == (
        "Deleted 1 task result(s): 1 successful, 0 failed"
    )
    assert command(min_age_days=0, queue_name="mail") == (
        "Deleted 0 task result(s): 0 successful, 0 failed"
    )
    assert command(min_age_days=0, verbosity=0) == ""
    assert names("default") == []


def test_command_takes_hours_and_keeps_what_failed() -> None:
    add("default", days=0.6)
    add("default", days=0.6, status="FAILED")
    add("default", days=0.4)

    assert command("--min-age", "12h", "--keep-failed").startswith("Deleted 1 task")
    assert command("--min-age", "1d", "--failed-min-age", "7h30m").startswith("Deleted 1 task")
    assert len(names("default")) == 1


def test_command_deletes_in_every_ledger() -> None:
    tasks = {
        name: {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": {"DATABASE": name}}
        for name in settings.DATABASES
    }
    for name in settings.DATABASES:
        add(name, backend="an alias that is gone")
    with override_settings(TASKS={**tasks, "dummy": {"BACKEND": "bridge.DummyBackend"}}):
        expected = f"Deleted {len(tasks)} task"
        assert command("--backend", "default").startswith("Deleted 0 task")
        assert command("--backend", "*").startswith(expected)


def test_command_that_is_interrupted_counts_what_is_gone(
    monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    add("default", count=25)
    delete = pruning._delete

    def interrupted_after_the_deletion(*arguments: Any) -> Pruned:
        pruned = delete(*arguments)
        os.kill(os.getpid(), signal.SIGINT)
        return pruned

    monkeypatch.setattr(pruning, "_delete", interrupted_after_the_deletion)
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("prune_db_task_results", stdout=out)

    assert ended.value.code == 130
    assert out.getvalue() == (
        "Deleted 10 task result(s): 10 successful, 0 failed, and was interrupted\n"
    )
    assert len(names("default")) == 15


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["--backend", "nothing"], "TASKS has no backend 'nothing'"),
        (["--backend", "dummy"], "keeps no tasks in the database"),
        (["--min-age", "3"], "A duration is a number and a unit"),
        (["--min-age", "-3d"], "expected one argument"),
        (["--min-age-days=-3"], "must be at least 0, not -3"),
        (["--min-age", "3d", "--min-age-days", "3"], "not allowed with"),
    ],
)
def test_command_refuses_what_it_cannot_do(arguments: list[str], rule: str) -> None:
    tasks = {**settings.TASKS, "dummy": {"BACKEND": "bridge.DummyBackend"}}
    with override_settings(TASKS=tasks), pytest.raises(CommandError, match=rule):
        command(*arguments)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (None, Retention()),
        ({}, Retention()),
        ({"SUCCESSFUL": "7d"}, Retention(7 * DAY)),
        ({"SUCCESSFUL": "1d12h", "FAILED": 30 * DAY}, Retention(1.5 * DAY, 30 * DAY)),
        ({"SUCCESSFUL": None, "FAILED": "2w"}, Retention(None, 14 * DAY)),
    ],
)
def test_retention_of_a_setting(setting: Any, expected: Retention) -> None:
    assert retention_of(setting) == expected


@pytest.mark.parametrize(
    "setting",
    [
        "7d",
        {"READY": "7d"},
        *({"FAILED": age} for age in (7, True, "7", "x", "7 days", -DAY, "9999999999d")),
    ],
)
def test_setting_that_is_no_retention(setting: Any) -> None:
    with pytest.raises(ValueError, match=r" is .*, not |not below 0|not that long"):
        retention_of(setting)

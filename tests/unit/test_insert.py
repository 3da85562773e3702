"""New rows: the same as the ORM would write, in the caller's transaction, announced to workers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections, transaction
from django.db.utils import load_backend
from django.test import override_settings
from django.utils import timezone

from bridge.ids import new_id
from bridge.interface import InvalidTask
from bridge.ledger import doorbell
from bridge.ledger.doorbell import PAUSE, Doorbell
from bridge.ledger.models import TaskRow
from bridge.ledger.new_rows import Item, NewRows, new_item
from bridge.ledger.store import Store
from bridge.ledger.vendors import vendor_of
from tests.app import tasks
from tests.conftest import need
from tests.services import POSTGRES

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
ARGS = [1, 1.5, None, True, "50% of 'it' \"now\" \\ \u00e9 \U0001f600", [[], {}], {"b": 1, "a": 2}]
KWARGS = {"name": "%s", "n": -(2**53)}


def new_rows_of(row: TaskRow) -> NewRows:
    return NewRows(
        task_path=row.task_path,
        backend=row.backend,
        transport=row.transport,
        queue_name=row.queue_name,
        priority=row.priority,
        on_lost=row.on_lost,
        run_after=row.run_after,
        enqueued_at=row.enqueued_at or timezone.now(),
        items=[new_item(row.args, row.kwargs)],
    )


@pytest.fixture(params=list(settings.DATABASES))
def store(request: pytest.FixtureRequest) -> Store:
    return Store(request.param)


def row(**fields: Any) -> TaskRow:
    values = {"task_path": "tests.app.tasks.add", "backend": "default", "transport": "db"}
    return TaskRow(**{**values, "on_lost": "retry", **fields})


def records(store: Store) -> list[dict[str, Any]]:
    """Return the columns as the database shows them, ids by their form only."""
    with connections[store.using].cursor() as cursor:
        cursor.execute("SELECT * FROM bridge_task ORDER BY id")
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, record, strict=True)) for record in cursor.fetchall()]
    return [{**record, "id": (type(record["id"]), len(str(record["id"])))} for record in found]


@pytest.mark.parametrize("use_tz", [True, False])
@pytest.mark.parametrize("defer", [None, dt.timedelta(hours=-1), dt.timedelta(hours=1)])
def test_row_is_the_one_the_orm_would_write(
    store: Store, use_tz: bool, defer: dt.timedelta | None
) -> None:
    with override_settings(USE_TZ=use_tz, TIME_ZONE="Asia/Tokyo"):
        fields = {"args": ARGS, "kwargs": KWARGS, "queue_name": "mail", "priority": -7}
        if defer is not None:
            fields["run_after"] = timezone.now() + defer
        wide = store.insert(row(**fields))
        row(**fields, enqueued_at=wide.enqueued_at, wake_at=wide.wake_at, transport="orm").save(
            using=store.using, force_insert=True
        )
        one = new_rows_of(wide)
        store.insert_new(one)
        shared = {name: getattr(one, name) for name in NewRows.__slots__}
        items = [new_item(ARGS, KWARGS), new_item(ARGS, KWARGS)]
        store.insert_new(NewRows(**{**shared, "items": items}))

        first, orm, *others = records(store)

    assert orm.pop("transport") == "orm"
    for written in (first, *others):
        assert written.pop("transport") == "db"
        assert written == orm


def test_deferred_row_sleeps_until_it_is_due(store: Store) -> None:
    now = timezone.now()
    later = store.insert(row(run_after=now + dt.timedelta(hours=1)))
    due = store.insert(row(run_after=now - dt.timedelta(seconds=1)))

    assert store.tasks.get(id=later.id).wake_at == later.run_after == later.wake_at
    assert store.tasks.get(id=due.id).wake_at is due.wake_at is None


def test_aware_time_is_stored_where_times_are_naive(store: Store) -> None:
    at = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    with override_settings(USE_TZ=False, TIME_ZONE="Asia/Tokyo"):
        stored = store.insert(row(run_after=at))

        assert store.tasks.get(id=stored.id).run_after == dt.datetime(2100, 1, 1, 9)


def test_server_side_binding_takes_the_same_statements() -> None:
    need(POSTGRES)
    settings_dict = {
        **connections["postgres"].settings_dict,
        "OPTIONS": {"server_side_binding": True},
    }
    wrapper = load_backend(settings_dict["ENGINE"]).DatabaseWrapper(settings_dict, "postgres")
    first = new_rows_of(row(args=ARGS, kwargs=KWARGS))
    shared = {name: getattr(first, name) for name in NewRows.__slots__}
    many = NewRows(**{**shared, "items": [Item(new_id(), "[]", "{}"), Item(new_id(), "[1]", "{}")]})
    try:
        with wrapper.cursor() as cursor:
            for notify in (True, False):
                vendor_of(wrapper).insert(cursor, many, notify=notify)
                for item in many.items:
                    cursor.execute("DELETE FROM bridge_task WHERE id = %s", [item.id])
                vendor_of(wrapper).insert(cursor, first, notify=notify)
                cursor.execute("SELECT args, kwargs FROM bridge_task")
                cursor.execute("DELETE FROM bridge_task WHERE id = %s", [first.items[0].id])
                assert cursor.rowcount == 1
    finally:
        wrapper.close()


@pytest.fixture
def backend_options() -> Iterator[Callable[..., None]]:
    """Choose OPTIONS of the database backend."""
    changes: list[override_settings] = []

    def choose(**options: Any) -> None:
        tasks = {"BACKEND": "bridge.DatabaseBackend", "QUEUES": [], "OPTIONS": options}
        changes.append(override_settings(TASKS={"default": tasks}))
        changes[-1].enable()

    yield choose
    for change in reversed(changes):
        change.disable()


@pytest.mark.parametrize("using", list(settings.DATABASES))
def test_enqueue_goes_with_the_callers_transaction(
    using: str, backend_options: Callable[..., None]
) -> None:
    backend_options(DATABASE=using)
    with transaction.atomic(using=using):
        tasks.add.enqueue(1, 2)
        transaction.set_rollback(True, using=using)
    kept = tasks.add.enqueue(3, 4)

    assert [str(row.id) for row in Store(using).tasks] == [kept.id]


def test_task_is_validated_again_under_other_settings(
    backend_options: Callable[..., None],
) -> None:
    backend_options()
    task = tasks.add.using(queue_name="post")
    task.enqueue(1, 2)
    changed = {"BACKEND": "bridge.DatabaseBackend", "QUEUES": ["default"]}
    with override_settings(TASKS={"default": changed}):
        with pytest.raises(InvalidTask, match="'post' is not valid"):
            task.enqueue(1, 2)


@pytest.fixture
def heard(
    monkeypatch: pytest.MonkeyPatch, backend_options: Callable[..., None]
) -> Iterator[Callable[[], list[str]]]:
    """The payloads that a listening worker has got since it was last asked."""
    need(POSTGRES)
    backend_options(DATABASE="postgres")
    monkeypatch.setattr(doorbell.doorbell, "_rung", {})
    parameters = connections["postgres"].get_connection_params()
    listener = psycopg.connect(
        **{name: parameters[name] for name in ("host", "port", "user", "dbname")},
        autocommit=True,
    )
    listener.execute("LISTEN bridge_task")

    def payloads() -> list[str]:
        listener.execute("NOTIFY bridge_task, 'last'")  # after all that was committed before
        found = [notification.payload for notification in listener.notifies(timeout=0)]
        assert found.pop() == "last"
        return found

    yield payloads
    listener.close()


def test_enqueue_tells_workers_the_queue_once_per_pause(
    heard: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "PAUSE", math.inf)
    for _ in range(3):
        tasks.add.enqueue(1, 2)
    tasks.add.using(queue_name="mail").enqueue(1, 2)
    assert heard() == ["default", "mail"]

    monkeypatch.setattr(doorbell, "PAUSE", 0.0)
    tasks.add.enqueue(1, 2)
    assert heard() == ["default"]


def test_transaction_tells_workers_once_when_it_commits(heard: Callable[[], list[str]]) -> None:
    tasks.add.enqueue(1, 2)
    with transaction.atomic(using="postgres"):
        tasks.add.enqueue(1, 2)
        tasks.add.enqueue(1, 2)
        assert heard() == ["default"]
    assert heard() == ["default"]

    with transaction.atomic(using="postgres"):
        tasks.add.enqueue(1, 2)
        transaction.set_rollback(True, using="postgres")
    assert heard() == []


def test_enqueue_many_tells_workers(heard: Callable[[], list[str]]) -> None:
    tasks.add.enqueue_many([(1, 2), (3, 4)])

    assert heard() == ["default"]


def test_nobody_is_told_of_what_another_transport_carries(heard: Callable[[], list[str]]) -> None:
    Store("postgres").insert(row(transport="celery"))

    assert heard() == []


def test_workers_are_told_of_a_deferred_task_to_know_when_to_get_up(
    heard: Callable[[], list[str]],
) -> None:
    tasks.add.using(run_after=dt.timedelta(hours=1)).enqueue(1, 2)

    assert heard() == ["default"]


def test_nobody_is_told_through_pgbouncer(
    heard: Callable[[], list[str]], backend_options: Callable[..., None]
) -> None:
    backend_options(DATABASE="postgres", PGBOUNCER=True)
    tasks.add.enqueue(1, 2)
    with transaction.atomic(using="postgres"):
        tasks.add.enqueue_many([(1, 2), (3, 4)])

    assert heard() == []


def test_bell_rings_once_a_pause_for_each_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(doorbell.time, "monotonic", lambda: now)
    bell, connection = Doorbell(), connections["default"]

    assert bell.rings(connection, "a")
    assert bell.rings(connection, "b")
    now += PAUSE * 0.9
    assert not bell.rings(connection, "a")
    now += PAUSE * 0.2
    assert bell.rings(connection, "a")
    assert not bell.rings(connection, "a")

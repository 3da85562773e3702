"""What the ledger asks of MariaDB: few rows, few locks, times that do not depend on the session."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DataError, Error, IntegrityError, connections
from django.test import override_settings
from django.utils import timezone

from bridge.interface import TaskError
from bridge.ledger import ending
from bridge.ledger.leases import Leases
from bridge.ledger.models import TaskRow
from bridge.ledger.new_rows import NewRows, new_item
from bridge.ledger.session import Session
from bridge.ledger.store import Store
from bridge.ledger.vendors.verbs import Claim
from tests.conftest import need
from tests.services import MARIADB

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
ERROR = TaskError(exception_class_path="builtins.ValueError", traceback="...")
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def session() -> Iterator[Session]:
    need(MARIADB)
    session = Session("mariadb")
    yield session
    session.close()


@pytest.fixture
def store(session: Session) -> Store:
    return Store("mariadb", session)


def fill(store: Store, count: int, *, wake_in: dt.timedelta | None = None, **shared: Any) -> None:
    now = timezone.now()
    values = {
        "task_path": "tests.app.tasks.add",
        "backend": "default",
        "transport": "db",
        "queue_name": "default",
        "priority": 0,
        "on_lost": "retry",
        "run_after": None if wake_in is None else now + wake_in,
        "enqueued_at": now,
        "items": [new_item([], {}) for _ in range(count)],
    }
    store.insert_new(NewRows(**{**values, **shared}))


def wanted(limit: int, *queues: str) -> Claim:
    return Claim(
        transport="db", queues=queues or ("default",), worker="w", worker_id="w:1", limit=limit
    )


@contextmanager
def counted(session: Session) -> Iterator[dict[str, int]]:
    """Count the rows and index entries that a session reads on the way, and those it sorts."""
    counts: dict[str, int] = {}
    with session.cursor() as cursor:
        cursor.execute("FLUSH STATUS")
        yield counts
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
        found = {name: int(value) for name, value in cursor.fetchall()}
        cursor.execute("SHOW SESSION STATUS LIKE 'Sort_rows'")
        counts["sorted"] = int(cursor.fetchall()[0][1])
    temporary = "Handler_read_rnd"  # SHOW reads its own answer
    counts["read"] = sum(n for name, n in found.items() if not name.startswith(temporary))


def test_no_statement_reads_or_sorts_rows_that_cannot_run(session: Session, store: Store) -> None:
    fill(store, 300)
    taken = store.take(wanted(300))
    store.leave([ending.succeed(row, None) for row in taken])
    fill(store, 300, wake_in=HOUR)
    fill(store, 300, queue_name="aside")
    fill(store, 300, transport="celery")
    for priority in (-7, 0, 7):
        fill(store, 20, priority=priority)
    fill(store, 5, queue_name="mail", priority=3)

    with counted(session) as claim:
        rows = store.take(wanted(25, "default", "mail"))
    with counted(session) as look:
        looked = store.look("db")
    with counted(session) as leave:
        store.leave([ending.succeed(row, None) for row in rows])
    with counted(session) as wake:
        assert store.wake("db") == 0

    assert [row.priority for row in rows] == [7] * 20 + [3] * 5
    assert looked.queues == ("aside", "default")
    # 1: "mail" has no sixth row. 2: neither queue is paused.
    assert claim == {"read": 25 + 5 + 1 + 25 + 2, "sorted": 0}
    # The last one finds no lane.
    assert look == {"read": 4 + 1 + 1, "sorted": 0}
    assert leave == {"read": 25 + 25, "sorted": 0}
    assert wake == {"read": 1, "sorted": 0}


def test_claim_locks_the_rows_it_takes_and_no_other(session: Session, store: Store) -> None:
    fill(store, 5)
    fill(store, 3, queue_name="mail")
    fill(store, 3, wake_in=HOUR)
    everything = "SELECT id FROM bridge_task FOR UPDATE SKIP LOCKED"
    others = Session("mariadb")

    with session.transaction() as cursor:
        taken = store._vendor.claim(cursor, wanted(2))
        with others.transaction() as other:
            assert len(store._vendor.claim(other, wanted(9))) == 3
        with others.transaction() as other:
            other.execute(everything)
            free = len(other.fetchall())
    others.close()

    assert len(taken) == 2
    assert free == 5 + 3 + 3 - 2


def test_transaction_that_fails_leaves_nothing_behind(session: Session, store: Store) -> None:
    fill(store, 1)

    def claim_and_fail() -> None:
        with session.transaction() as cursor:
            assert store._vendor.claim(cursor, wanted(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        claim_and_fail()

    assert len(store.take(wanted(1))) == 1


def test_own_connection_reads_committed_whatever_the_projects_does(session: Session) -> None:
    strict = {"isolation_level": "serializable"}
    public = connections["mariadb"].settings_dict
    public["OPTIONS"], before = strict, public["OPTIONS"]
    try:
        own = Session("mariadb")
    finally:
        public["OPTIONS"] = before

    with own.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.tx_isolation")
        assert cursor.fetchall()[0][0] == "READ-COMMITTED"
    own.close()


def test_killed_connection_is_an_error_that_a_new_session_survives(
    session: Session, store: Store
) -> None:
    fill(store, 1)
    with session.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID()")
        (number,) = cursor.fetchone()
    with connections["mariadb"].cursor() as cursor:
        cursor.execute(f"KILL {number}")

    with pytest.raises(Error):
        store.take(wanted(1))
    session.close()

    assert len(store.take(wanted(1))) == 1


@pytest.mark.parametrize("value", ["x" * 17_000_000, eval("[" * 40 + "]" * 40)])
def test_value_that_the_server_refuses_is_no_outage(store: Store, value: Any) -> None:
    fill(store, 1)
    (row,) = store.take(wanted(1))

    # The kinds of errors that fail a task; an OperationalError would be tried again for ever.
    with pytest.raises((DataError, IntegrityError)):
        store.leave([ending.succeed(row, value)])
    store._session.close()

    assert store.leave([ending.fail(row, ERROR)]).ids == {row.id}


@pytest.mark.parametrize("value", ["x" * 17_000_000, '"' * 5_000_000])
def test_value_that_is_too_large_is_not_even_sent(store: Store, value: str) -> None:
    fill(store, 1)
    (row,) = store.take(wanted(1))

    with pytest.raises(DataError, match="larger than max_allowed_packet"):
        store.leave([ending.succeed(row, value)])

    # The server hangs up on what it was sent, and seldom says why.
    assert store.leave([ending.fail(row, ERROR)]).ids == {row.id}


@pytest.mark.parametrize("use_tz", [True, False])
def test_times_do_not_depend_on_the_zone_of_a_session(store: Store, use_tz: bool) -> None:
    with override_settings(USE_TZ=use_tz, TIME_ZONE="Asia/Tokyo"):
        with store._session.cursor() as cursor:
            cursor.execute("SET time_zone = '-08:00'")
        before = timezone.now() - dt.timedelta(seconds=1)
        fill(store, 1, wake_in=dt.timedelta(seconds=0.05))
        fill(store, 1, wake_in=HOUR)
        due = store.look("db").next_due
        assert due is not None
        assert -1 < due <= 0.05
        time.sleep(0.1)
        assert store.wake("db") == 1
        (row,) = store.take(wanted(9))
        after = timezone.now() + dt.timedelta(seconds=1)

        left = store.leave([ending.retry_later(row, ERROR, 3600)])

        stored = store.tasks.get(id=row.id)
        assert row.started_at is not None
        assert before < row.started_at < after
        assert stored.started_at == row.started_at
        assert before < left.at < after
        assert stored.wake_at == stored.run_after == left.at + HOUR


def test_lease_does_not_depend_on_the_zone_of_a_session() -> None:
    need(MARIADB)
    store = Store("mariadb")
    fill(store, 1)
    store.take(wanted(1))
    leases = Leases("mariadb", 60)
    with connections["mariadb"].cursor() as cursor:
        cursor.execute("SET time_zone = '-08:00'")
        leases.renew("w", "db")
        cursor.execute("SET time_zone = '+08:00'")
        assert leases.abandoned() == []
        Leases("mariadb", -60).renew("w", "db")
        cursor.execute("SET time_zone = '-08:00'")
        assert [row.worker for row in leases.abandoned()] == ["w"]
        cursor.execute("SET time_zone = 'SYSTEM'")


def test_idle_worker_looks_ever_more_seldom_until_the_bell_rings(session: Session) -> None:
    heard, rung = os.pipe()

    def waited(seconds: float, idle: float) -> tuple[bool, float]:
        began = time.monotonic()
        return session.wait(heard, seconds, idle), time.monotonic() - began

    with session.cursor():
        pass  # connected now, so that only the waiting is measured
    again, soon = waited(20, 0)
    assert again
    assert 0.04 < soon < 5
    again, later = waited(20, 60)
    assert again
    assert 0.9 < later < 10
    assert waited(0.1, 60)[0] is False
    os.write(rung, b"!")
    again, took = waited(20, 60)
    assert not again
    assert took < 0.9  # as long as it would have waited
    os.close(heard)
    os.close(rung)


def test_migration_can_be_taken_back_and_applied_again() -> None:
    need(MARIADB)
    connection = connections["mariadb"]

    def shape() -> dict[str, list[str]]:
        with connection.cursor() as cursor:
            constraints = connection.introspection.get_constraints(cursor, "bridge_task")
        return {name: c["columns"] for name, c in constraints.items() if c["index"]}

    before = shape()
    call_command("migrate", "bridge", "0001", database="mariadb", verbosity=0)
    first = shape()
    call_command("migrate", "bridge", database="mariadb", verbosity=0)

    assert shape() == before
    assert "bridge_task_ready" not in first
    assert before["bridge_task_ready"] == [
        *("status", "transport", "wake_at", "lane", "queue_name", "urgency", "id")
    ]


def test_checks_are_silent_about_indexes_that_the_migration_replaces() -> None:
    need(MARIADB)

    assert TaskRow.check(databases=["mariadb"]) == []

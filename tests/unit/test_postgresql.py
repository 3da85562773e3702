"""What the ledger's own connections to PostgreSQL are like, whatever the server's defaults."""

from __future__ import annotations

import os
import resource
import threading

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test import override_settings

from bridge.ledger import ending
from bridge.ledger.models import TaskRow
from bridge.ledger.session import Session
from bridge.ledger.store import Store
from tests.app import tasks
from tests.conftest import need
from tests.process.project import wait_for
from tests.services import POSTGRES

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))


def test_session_is_at_read_committed_whatever_its_role_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need(POSTGRES)
    strict = {"options": "-c default_transaction_isolation=serializable"}
    monkeypatch.setitem(connections["postgres"].settings_dict, "OPTIONS", strict)
    session = Session("postgres")

    with session.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        level = cursor.fetchone()
    session.close()

    assert level == ("read committed",)


def test_session_waits_also_in_a_process_with_thousands_of_open_files() -> None:
    need(POSTGRES)
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most), most))
    bell, rope = os.pipe()
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    session = Session("postgres")
    try:
        assert not session.wait(bell, 0.01, 0)
        with connections["postgres"].cursor() as cursor:
            cursor.execute("NOTIFY bridge_task, 'default'")
        assert session.wait(bell, 5, 0)
        os.write(rope, b"x")
        assert not session.wait(bell, 5, 0)
    finally:
        session.close()
        for number in (*files, bell, rope):
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))


def test_ends_are_locked_in_the_order_of_ids_as_by_those_who_cancel() -> None:
    need(POSTGRES)
    entry = {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": {"DATABASE": "postgres"}}
    session = Session("postgres")
    with override_settings(TASKS={"default": entry}):
        tasks.add.enqueue_many([(1, 2)] * 2)
        store = Store("postgres", session)
        rows = store.claim(transport="db", worker="w", worker_id="w", limit=2)
        first, last = sorted(rows, key=lambda row: row.id)
        blocked = (
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = "
            f"{session.connection.connection.info.backend_pid}"
        )
        endings = [ending.succeed(row, None) for row in (last, first)]
        end = threading.Thread(target=store.leave, args=[endings])
        try:
            with transaction.atomic(using="postgres"):
                held = TaskRow.objects.using("postgres").select_for_update(nowait=True)
                held.get(id=first.id)
                end.start()
                with connections["postgres"].cursor() as cursor:
                    wait_for(lambda: cursor.execute(blocked) or cursor.fetchone()[0], "a wait")

                assert held.get(id=last.id)
        finally:
            end.join()
            session.close()


def test_relay_leaves_a_row_alone_that_another_is_sending() -> None:
    """The broker may let the other wait, and who waits with him loses his lease."""
    need(POSTGRES)
    entry = {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": {"DATABASE": "postgres"}}
    store = Store("postgres")
    answers = []

    def other() -> None:
        with connections["postgres"].cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        with store.messages.publishing(row) as mine:
            answers.append(mine)
        connections["postgres"].close()

    with override_settings(TASKS={"default": entry}):
        tasks.add.enqueue(1, 2)
    row = TaskRow.objects.using("postgres").get()
    with store.messages.publishing(row) as mine:
        answers.append(mine)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
    with store.messages.publishing(row) as mine:
        answers.append(mine)

    assert answers == [True, False, False]

"""What the ledger's own connections to PostgreSQL are like, whatever the server's defaults."""

from __future__ import annotations

import os
import resource

import pytest
from django.conf import settings
from django.db import connections

from bridge.ledger.session import Session
from tests.conftest import need
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

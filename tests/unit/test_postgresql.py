"""What the ledger's own connections to PostgreSQL are like, whatever the server's defaults."""

from __future__ import annotations

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

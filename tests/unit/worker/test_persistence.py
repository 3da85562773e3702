from __future__ import annotations

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from bridge.worker.persistence import persist
from tests.conftest import need
from tests.services import POSTGRES

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))


def test_what_is_beyond_a_limit_of_the_server_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need(POSTGRES)
    monkeypatch.setattr("bridge.worker.persistence.time.sleep", lambda wait: pytest.fail("again"))

    def store() -> None:
        with connections["postgres"].cursor() as cursor:
            cursor.execute("SELECT %s::jsonb", ["[" * 60_000 + "]" * 60_000])

    with pytest.raises(OperationalError, match="stack depth limit exceeded"):
        persist(store, "store a value")

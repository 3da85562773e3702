"""The transactions of a worker's own connection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import timezone

from bridge.ledger.models import WorkerRow
from bridge.ledger.session import Session

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
WRITE = (
    "INSERT INTO bridge_worker (id, transport, started_at, expires_at) VALUES (%s, 'db', %s, %s)"
)


@pytest.fixture(params=list(settings.DATABASES))
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    session = Session(request.param)
    yield session
    session.close()


def write(session: Session, *names: str, error: Exception | None = None) -> None:
    with session.atomic() as cursor:
        now = session.connection.ops.adapt_datetimefield_value(timezone.now())
        for name in names:
            cursor.execute(WRITE, [name, now, now])
        if error:
            raise error


def names(session: Session) -> list[str]:
    rows = WorkerRow.objects.using(session.connection.alias)
    return list(rows.order_by("id").values_list("id", flat=True))


def test_statements_of_one_block_are_committed_together(session: Session) -> None:
    write(session, "a", "b")

    assert names(session) == ["a", "b"]


def test_error_undoes_all_statements_and_leaves_the_connection_usable(session: Session) -> None:
    with pytest.raises(LookupError):
        write(session, "a", "b", error=LookupError())

    assert names(session) == []
    write(session, "c")
    assert names(session) == ["c"]


def test_statement_that_the_server_refuses_undoes_those_before_it(session: Session) -> None:
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        write(session, "a", "a")

    write(session, "b")
    assert names(session) == ["b"]

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from bridge.ledger.models import TaskRow, WorkerRow
from bridge.worker.tables import find_fault

pytestmark = pytest.mark.django_db(databases=list(settings.DATABASES))
databases = pytest.mark.parametrize("database", list(settings.DATABASES))


@databases
def test_migrated_database_has_no_fault(database: str) -> None:
    assert find_fault(database) is None


@pytest.mark.django_db(databases=list(settings.DATABASES), transaction=True)
@databases
def test_missing_table_is_named_with_the_way_out(database: str) -> None:
    connection = connections[database]
    with connection.schema_editor() as editor:
        editor.delete_model(WorkerRow)
    try:
        assert find_fault(database) == (
            f"Table 'bridge_worker' in database '{database}' does not exist. "
            f"Run manage.py migrate --database {database} first."
        )
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(WorkerRow)


def test_missing_column_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    field = TaskRow._meta.get_field("losses")
    monkeypatch.setattr(field, "column", "casualties")

    fault = find_fault("default")

    assert fault
    assert "Table 'bridge_task' in database 'default' lacks 'casualties'" in fault


def test_database_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connections["default"], "ensure_connection", refuse)

    assert find_fault("default") is None

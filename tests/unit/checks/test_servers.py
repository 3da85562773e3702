"""E020, W030 to W032: what --deploy asks the database server."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from bridge.checks import servers
from tests.unit.checks.found import entry, find

pytestmark = pytest.mark.django_db(databases=list(settings.DATABASES))

SERVERS = [name for name in settings.DATABASES if name != "default"]


def test_database_without_tables_stops_a_deployment() -> None:
    command = [sys.executable, "-m", "django", "check", "--tag", "tasks"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}

    done = subprocess.run([*command, "--deploy"], env=environment, capture_output=True, text=True)
    plain = subprocess.run(command, env=environment, capture_output=True, text=True)

    assert done.returncode == 1
    assert "(bridge.E020) Table 'bridge_task' in database 'default' does not exist" in done.stderr
    assert plain.returncode == 0, plain.stderr  # no connection is made


@pytest.mark.parametrize("database", settings.DATABASES)
def test_database_with_tables_is_usable(database: str) -> None:
    assert find("E020", deploy=True, default=entry(DATABASE=database)) == []


def test_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused")

    assert find("W030", deploy=True) == []

    monkeypatch.setattr(connections["default"], "ensure_connection", refuse)
    (warning,) = find("W030", deploy=True)
    assert warning.msg == "Database 'default' cannot be reached: connection refused"
    assert find("W030") == []


def test_database_that_was_not_asked_for_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections["default"], "ensure_connection", lambda: 1 / 0)

    assert find("W030", deploy=True, databases=SERVERS) == []


@pytest.mark.parametrize("database", SERVERS)
def test_server_with_few_connections_left(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    monkeypatch.setattr(servers, "CROWDED", 0)
    (warning,) = find("W031", deploy=True, default=entry(DATABASE=database))
    assert f"The server of database {database!r} allows" in warning.msg

    monkeypatch.setattr(servers, "CROWDED", 2)
    assert find("W031", deploy=True, default=entry(DATABASE=database)) == []


@pytest.mark.skipif("postgres" not in settings.DATABASES, reason="needs PostgreSQL")
def test_server_that_never_vacuums(monkeypatch: pytest.MonkeyPatch) -> None:
    where = entry(DATABASE="postgres")
    with connections["postgres"].cursor() as cursor:
        cursor.execute("SHOW autovacuum")
        off = cursor.fetchone() == ("off",)
    assert len(find("W032", deploy=True, default=where)) == off

    monkeypatch.setattr(servers, "AUTOVACUUM", f"SELECT '{'on' if off else 'off'}'")
    assert len(find("W032", deploy=True, default=where)) == (not off)

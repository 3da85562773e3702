from __future__ import annotations

import pytest
from django.db import connection
from django.db.backends.postgresql import psycopg_any

from bridge.backends.vendor_check import check_vendor


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite", "mysql"])
def test_supported_vendor_passes(monkeypatch: pytest.MonkeyPatch, vendor: str) -> None:
    monkeypatch.setattr(connection, "vendor", vendor, raising=False)

    assert check_vendor("default", "default") == []


def test_other_vendor_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "vendor", "oracle", raising=False)

    (error,) = check_vendor("bulk", "default")

    assert error.id == "bridge.E004"
    assert "TASKS['bulk'] is in 'default', whose vendor is oracle" in error.msg


def test_psycopg2_is_an_error_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "vendor", "postgresql", raising=False)
    monkeypatch.setattr(psycopg_any, "is_psycopg3", False)

    (error,) = check_vendor("default", "default")

    assert "psycopg2" in error.msg
    assert "django-task-bridge[postgres]" in (error.hint or "")

"""The backends whose tasks a test can run, in both kinds of test case."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.interface import DjangoDummyBackend
from tests.conftest import need
from tests.services import MARIADB, POSTGRES

QUEUES = ["default", "mail", "slow"]
DUMMY = f"{DjangoDummyBackend.__module__}.{DjangoDummyBackend.__qualname__}"
SERVERS = {"postgres": POSTGRES, "mariadb": MARIADB}

LEDGERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sqlite": ("bridge.DatabaseBackend", {}),
    "postgres": ("bridge.DatabaseBackend", {"DATABASE": "postgres"}),
    "mariadb": ("bridge.DatabaseBackend", {"DATABASE": "mariadb"}),
    "celery": ("bridge.CeleryBackend", {"APP": "tests.app.celery.app"}),
}
ALL = {**LEDGERS, "dummy": ("bridge.DummyBackend", {}), "django": (DUMMY, {})}


BOTH = ("TestCase", "TransactionTestCase")
NOTHING_OF_THEIR_OWN = ("mariadb", "django")
"""What they do outside of a transaction is what the others of their kind do."""


def on(*names: str, kinds: tuple[str, ...] = ()) -> Any:
    """Parametrize `backend` with these backends, in these kinds of test cases."""
    return pytest.mark.parametrize(
        "backend",
        [
            pytest.param(
                name,
                id=f"{name}-{kind}",
                marks=pytest.mark.django_db(
                    transaction=kind == "TransactionTestCase", databases="__all__"
                ),
            )
            for name in names
            for kind in kinds or (BOTH[:1] if name in NOTHING_OF_THEIR_OWN else BOTH)
        ],
        indirect=True,
    )


def settings_of(name: str) -> dict[str, Any]:
    """Return TASKS for a backend. Skip the test when its server is missing."""
    if name in SERVERS:
        need(SERVERS[name])
    path, options = ALL[name]
    return {"default": {"BACKEND": path, "QUEUES": QUEUES, "OPTIONS": options}}

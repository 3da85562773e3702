"""What manage.py check says of a CeleryBackend."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.unit.checks.found import entry, find

pytestmark = pytest.mark.django_db


def celery(**options: Any) -> Any:
    """Return an entry on Celery."""
    return entry("bridge.CeleryBackend", APP="tests.unit.celery.apps.app", **options)


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [("MAX_PAYLOAD", 0, 1000), ("MAX_PAYLOAD", "1 MB", None), ("HOLD_ETA", 0.1, math.inf)],
)
def test_wrong_options_are_errors(name: str, wrong: Any, right: Any) -> None:
    (error,) = find("E011", default=celery(**{name: wrong}))

    assert error.msg.startswith(f"{name} of TASKS['default'] must be ")
    assert error.msg.endswith(f"not {wrong!r}.")
    assert find("E011", default=celery(**{name: right})) == []

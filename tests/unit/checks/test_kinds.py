"""All checks together."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.checks import run_checks

from bridge.checks.kinds import KINDS, Kind

TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_every_check_is_tested_by_its_id(kind: Kind) -> None:
    short = kind.id.removeprefix("bridge.")
    spelt = f'"{short}"', f'"{kind.id}"'
    texts = [path.read_text() for path in TESTS.rglob("test_*.py") if path != Path(__file__)]

    assert any(each in text for each in spelt for text in texts)


def test_ids_are_told_apart_and_in_order() -> None:
    ids = [kind.id for kind in KINDS]

    assert ids == sorted(set(ids))


@pytest.mark.django_db(databases=["default"])
def test_checks_of_every_command_make_no_connection(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        run_checks(tags=["tasks"])

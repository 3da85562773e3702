"""The ledger in a database of its own: its transactions decide when a message leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.process.celery.plant import Plant
from tests.process.celery.reading import from_sqlite

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("plant", ["redis"], indirect=True),
]
MIXED = """
from django.db import transaction
ids = []
try:
    with transaction.atomic(using="ledger"):
        note.enqueue("undone")
        raise ZeroDivisionError
except ZeroDivisionError:
    pass
try:
    with transaction.atomic():
        ids.append(note.enqueue("kept").id)
        raise ZeroDivisionError
except ZeroDivisionError:
    pass
with transaction.atomic(), transaction.atomic(using="ledger"):
    ids.append(flaky.enqueue("committed", 1).id)
give(ids)
"""


def test_tasks_run_once_and_only_the_ledgers_rollback_takes_one_back(
    plant: Plant, tables: Path, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.sqlite3"
    shutil.copy(tables, path)
    plant.environment["PLANT_LEDGER"] = str(path)
    ids = plant.run("new", MIXED)

    plant.ready(plant.worker("new"))
    legacy = plant.run("old", "give(note.delay('legacy').id)")

    plant.ran("kept", "committed#1", "committed#2", "legacy")
    assert plant.rows() == []
    rows = plant.settled(*ids, legacy, ledger=from_sqlite(path))
    assert {row["status"] for row in rows} == {"SUCCESSFUL"}
    assert "undone" not in {name for name, _, _ in plant.runs()}

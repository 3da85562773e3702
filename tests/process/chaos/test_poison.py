"""A task that kills its process stops after its budget, and costs its neighbours nothing."""

from __future__ import annotations

import pytest

from tests.process.chaos.calls import Call
from tests.process.chaos.storm import Storm

pytestmark = pytest.mark.process
NEIGHBOURS = 200
BUDGET = 3


@pytest.fixture
def max_losses() -> int:
    return BUDGET


@pytest.mark.parametrize(("poison", "deaths"), [("often_poison", BUDGET), ("once_poison", 1)])
def test_poison_stops_after_its_budget_and_burns_no_attempt_of_its_neighbours(
    anywhere: Storm, poison: str, deaths: int
) -> None:
    calls = [
        Call(key=key, task="often" if key % 2 else "once", queue="mail" if key % 3 else "default")
        for key in range(NEIGHBOURS)
    ]
    calls.insert(NEIGHBOURS // 2, Call(key=NEIGHBOURS, task=poison))
    anywhere.enqueue(calls)
    anywhere.man("--batch")

    (worker,) = anywhere.project.workers
    assert worker.exit_code() == 0

    rows = {row["args"][0]: row for row in anywhere.rows()}
    poisoned = rows.pop(NEIGHBOURS)
    assert (poisoned["status"], poisoned["losses"]) == ("FAILED", deaths)
    starts = [record.key for record in anywhere.journal.read() if record.moment == "S"]
    assert starts.count(NEIGHBOURS) == deaths
    burnt = [
        row
        for row in rows.values()
        if (row["status"], row["losses"], len(row["worker_ids"])) != ("SUCCESSFUL", 0, 1)
        or starts.count(row["args"][0]) != 1
    ]
    assert not burnt

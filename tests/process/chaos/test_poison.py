"""A task that kills its process stops after its budget, and costs its neighbours nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.process.chaos.calls import Call
from tests.process.chaos.journal import STARTED
from tests.process.chaos.storm import Storm

pytestmark = pytest.mark.process
NEIGHBOURS = 200
BUDGET = 3


@pytest.fixture
def max_losses() -> int:
    return BUDGET


def test_poison_stops_after_its_budget_and_costs_its_neighbours_nothing(anywhere: Storm) -> None:
    calls = [
        Call(key=key, task="often" if key % 2 else "once", queue="mail" if key % 3 else "default")
        for key in range(NEIGHBOURS)
    ]
    calls.insert(NEIGHBOURS // 3, Call(key=NEIGHBOURS, task="often_poison"))
    calls.insert(NEIGHBOURS // 2, Call(key=NEIGHBOURS + 1, task="once_poison"))
    anywhere.enqueue(calls)
    anywhere.man("--batch")

    (worker,) = anywhere.project.workers
    assert worker.exit_code() == 0

    rows = {row["args"][0]: row for row in anywhere.rows()}
    started = Counter(r.key for r in anywhere.journal.read() if r.moment == STARTED)
    for key, deaths in ((NEIGHBOURS, BUDGET), (NEIGHBOURS + 1, 1)):
        poisoned = rows.pop(key)
        assert (poisoned["status"], poisoned["losses"]) == ("FAILED", deaths)
        assert started[key] == deaths
    fates = Counter((row["status"], row["losses"], len(row["worker_ids"])) for row in rows.values())
    assert fates == {("SUCCESSFUL", 0, 1): NEIGHBOURS}
    assert all(started[key] == 1 for key in rows)

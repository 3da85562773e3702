"""Order: high priority first, then first come first served."""

from __future__ import annotations

import pytest

from tests.app import tasks
from tests.app.models import Run
from tests.conformance.harness import Harness

pytestmark = [
    pytest.mark.needs("executes", "supports_get_result", "supports_priority", "orders_strictly")
]


def test_high_priority_runs_first(harness: Harness) -> None:
    for priority in [0, -100, 100, -1, 50]:
        tasks.note.using(priority=priority).enqueue(str(priority))

    harness.work()

    assert list(Run.objects.order_by("id").values_list("name", flat=True)) == [
        "100",
        "50",
        "0",
        "-1",
        "-100",
    ]


def test_equal_priorities_run_in_order_of_enqueue(harness: Harness) -> None:
    for number in range(20):
        tasks.note.enqueue(str(number))

    harness.work()

    names = Run.objects.order_by("id").values_list("name", flat=True)
    assert list(names) == [str(number) for number in range(20)]

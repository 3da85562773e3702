"""Workers whose clock is two minutes off: leases, deferred tasks and retries keep their time.

SQLite is not among these: its workers share one machine, and so one clock.
"""

from __future__ import annotations

import pytest

from tests.process.chaos.calls import Call, mixed
from tests.process.chaos.storm import LEASE, Storm

pytestmark = pytest.mark.process
TASKS = 200
LONG = LEASE + 1


def test_clock_two_minutes_off_neither_delays_nor_hurries_nor_buries_anybody(
    on_a_server: Storm,
) -> None:
    storm = on_a_server
    storm.man("", "", "", clocks=[0, 120, -120])
    lasting = [Call(key=TASKS + n, task="often", seconds=LONG, priority=100) for n in range(3)]
    storm.enqueue([*mixed(TASKS, storm.chance, defer=2), *lasting])

    storm.drain(20)

    assert storm.figures(storm.judge()).losses == 0
    assert storm.fleet.stop() == [0, 0, 0]

"""Workers killed at random: at least once and at most once hold, and nothing stays behind."""

from __future__ import annotations

import pytest

from tests.process.chaos.calls import mixed
from tests.process.chaos.storm import Storm

pytestmark = pytest.mark.process
TASKS = 500
KILLS = 6
RECOVERY = 12.0
"""Seconds: a lease runs out, a survivor looks for it three times per lease, on a busy machine."""


def test_killed_workers_lose_nothing_and_repeat_only_what_may_be_repeated(anywhere: Storm) -> None:
    anywhere.man("--processes 2", "--processes 2 --concurrency 2")

    def kill() -> None:
        anywhere.fleet.kill(anywhere.chance)
        anywhere.fleet.start()

    anywhere.rage(mixed(TASKS, anywhere.chance, slow=0.2), [kill] * KILLS, pace=0.4)
    anywhere.drain(30)

    figures = anywhere.figures(anywhere.judge())
    print(*figures.lines(), sep="\n")
    assert figures.kills.total() == KILLS
    assert figures.losses
    assert max(figures.children_replaced + figures.families_settled, default=0) < RECOVERY

"""Workers killed at random: at least once and at most once hold, and nothing stays behind."""

from __future__ import annotations

from functools import partial

import pytest

from tests.process.chaos.calls import mixed
from tests.process.chaos.fleet import CHILD, FAMILY, SUPERVISOR
from tests.process.chaos.storm import Storm

pytestmark = pytest.mark.process
TASKS = 300
KILLS = [CHILD, CHILD, CHILD, CHILD, FAMILY, SUPERVISOR]
RECOVERY = 20.0
"""Seconds: a lease runs out, a survivor looks for it three times per lease, on a busy machine."""


def test_killed_workers_lose_nothing_and_repeat_only_what_may_be_repeated(anywhere: Storm) -> None:
    anywhere.man("--processes 2", "--processes 2 --concurrency 2")

    def kill(kind: str) -> None:
        anywhere.fleet.kill(anywhere.chance, kind)
        anywhere.fleet.start()

    kinds = anywhere.chance.sample(KILLS, len(KILLS))
    # Half of the tasks take long: what is killed is in the middle of something.
    calls = mixed(TASKS, anywhere.chance, slow=0.5)
    anywhere.rage(calls, [partial(kill, kind) for kind in kinds], pace=0.4)
    anywhere.drain(30)

    figures = anywhere.figures(anywhere.judge())
    print(*figures.lines(), sep="\n")
    assert figures.kills.total() == len(KILLS)
    assert figures.losses
    assert max(figures.children_replaced + figures.families_settled, default=0) < RECOVERY

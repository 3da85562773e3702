"""A worker that others took for dead comes back: what it held is not its own any more."""

from __future__ import annotations

import pytest

from tests.process.chaos.calls import Call
from tests.process.chaos.journal import ENDED, STARTED, Record
from tests.process.chaos.proxy import Proxy
from tests.process.chaos.storm import LEASE, Storm
from tests.process.project import wait_for

pytestmark = pytest.mark.process


def test_worker_cut_off_for_longer_than_its_lease_goes_on_with_new_claims(
    on_postgres: Storm,
) -> None:
    storm = on_postgres
    settings = storm.database.settings
    with Proxy(settings["PORT"]) as proxy:
        storm.man("--concurrency 2", database={**settings, "PORT": proxy.port})
        storm.fleet.cut_off.update(storm.fleet.pids())
        storm.enqueue([Call(key=0, task="often_slow_at_first", seconds=LEASE + 6)])
        wait_for(storm.journal.read, "the start of the task")

        proxy.sever()
        # It serves another queue, and so only looks after the dead.
        survivor = storm.project.worker("--queue", "slow")
        wait_for(lambda: storm.project.row()["losses"], "the loss of the task")
        proxy.severed = False
        wait_for(lambda: len(_moments(storm, ENDED)) == 2, "the end of both attempts")
        storm.enqueue([Call(key=1, task="once")])
        storm.drain(20)

        storm.judge()
        assert len({record.pid for record in _moments(storm, STARTED)}) == 1
        assert survivor.popen.poll() is None
        assert storm.fleet.stop() == [0]


def _moments(storm: Storm, moment: str) -> list[Record]:
    return [record for record in storm.journal.read() if record.moment == moment]

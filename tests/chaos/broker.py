"""Crash a broker again and again under real Celery workers, and account for every task."""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

from rich.console import Console

from tests.process.celery.plant import Plant
from tests.process.celery.servers import RabbitServer, RedisServer
from tests.process.celery.traffic import PRODUCE, Account, Producers
from tests.process.ledgers import Ledgers

SERVERS = {"redis": RedisServer, "rabbitmq": RabbitServer}
PRODUCERS = 3
SOON = '{"visibility_timeout": 5, "unacked_restore_throttle": 1}'


def main() -> int:
    """Return 0, or 1 when a task was lost or ran twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.broker", description=__doc__)
    parser.add_argument("--broker", choices=sorted(SERVERS), default="redis")
    parser.add_argument("--calls", type=int, default=7500, help="a third more tasks come of them")
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    screen = Console(highlight=False, soft_wrap=True)
    began = time.monotonic()
    try:
        account = _storm(options)
    except AssertionError as error:
        screen.print(f"FAILED, seed {options.seed}: {error}", markup=False)
        return 1
    screen.print(
        f"{options.broker}: {len(account.sent)} tasks ran once through {options.restarts} crashes, "
        f"{len(account.refused)} refused and {len(account.undone)} rolled back never, "
        f"in {time.monotonic() - began:.0f} s (seed {options.seed})"
    )
    return 0


def _storm(options: argparse.Namespace) -> Account:
    chance = Random(options.seed)
    with ExitStack() as end:
        folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="bridge-storm-")))
        ledgers = Ledgers(folder)
        end.callback(ledgers.close)
        environment = end.enter_context(ledgers.lend("postgres")).environment
        server = SERVERS[options.broker]()
        end.callback(server.destroy)
        server.start()
        more = {"PLANT_POSTGRES": environment["BRIDGE_DB_POSTGRES"], "PLANT_REDIS": SOON}
        plant = Plant(folder, {**server.environment, **more, "PLANT_LEASE": "3"})
        end.callback(plant.kill)
        plant.ready(plant.worker("new"), plant.worker("new"))
        with ExitStack() as sending:
            producers = Producers(plant, sending)
            for _ in range(PRODUCERS):
                producers.start(PRODUCE, count=options.calls // PRODUCERS)
            for _ in range(options.restarts):
                time.sleep(chance.uniform(1, 8))
                server.restart(away=chance.uniform(0, 3))
            account = producers.account()
        account.settle(plant, seconds=900)
        return account


if __name__ == "__main__":
    raise SystemExit(main())

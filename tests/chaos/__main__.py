"""Break everything around real workers under load, and account for every task."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from tests.process.chaos.calls import mixed
from tests.process.chaos.databases import Database, Mariadb, Postgres, Sqlite
from tests.process.chaos.server import Server, programs
from tests.process.chaos.storm import Fault, Storm, storm

PLACES = ("--processes 2", "--processes 2 --concurrency 2")
DRAIN = 180.0
OUTAGE = 5.0
"""Seconds the database is away at most: longer than the lease."""


def main() -> int:
    """Run one storm in a folder of its own; return 0, or 1 when a task has no good account."""
    options = _options()
    screen = Console(highlight=False, soft_wrap=True)
    folder = Path(tempfile.mkdtemp(prefix="task-bridge-chaos-"))
    try:
        with ExitStack() as stack:
            database, server = _database(options.database, folder, stack)
            begun = stack.enter_context(
                storm(database, folder, seed=options.seed, max_losses=options.max_losses)
            )
            begun.man(*PLACES, clocks=[0, options.skew])
            begun.rage(
                mixed(options.tasks, begun.chance, slow=options.slow),
                _faults(begun, server, options),
                options.pace,
            )
            begun.drain(DRAIN)
            figures = begun.figures(begun.judge())
    except AssertionError as error:
        screen.print(f"FAILED {error}\nThe journal and the logs are in {folder}", markup=False)
        return 1
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    table = Table("what", "figure", title=f"{database.name}, seed {options.seed}")
    for line in figures.lines():
        table.add_row(*line)
    screen.print(table)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--database", choices=["postgres", "sqlite", "mariadb"], default="postgres")
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=50, help="SIGKILLs at random")
    parser.add_argument("--refusals", type=int, default=0, help="spells in which writes fail")
    parser.add_argument("--terminations", type=int, default=0, help="rounds of ended connections")
    parser.add_argument(
        "--restarts", type=int, default=0, help="crashes and restarts of the server"
    )
    parser.add_argument("--skew", type=float, default=0, help="seconds one worker's clock is off")
    parser.add_argument("--slow", type=float, default=0.1, help="part of tasks of up to 0.3 s")
    parser.add_argument("--pace", type=float, default=2.0, help="longest pause before a fault, s")
    parser.add_argument("--max-losses", type=int, default=100, help="dead workers per task")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeats a storm")
    return parser.parse_args()


def _database(name: str, folder: Path, stack: ExitStack) -> tuple[Database, Server | None]:
    """Return the database, and its server when it is ours to restart."""
    if name != "postgres":
        database = Sqlite(folder) if name == "sqlite" else Mariadb()
        return stack.enter_context(database), None
    found = programs()
    if found is None:
        return stack.enter_context(Postgres()), None
    server = Server(found)
    stack.callback(server.destroy)
    return stack.enter_context(Postgres(server.port)), server


def _faults(begun: Storm, server: Server | None, options: argparse.Namespace) -> list[Fault]:
    """Return every fault asked for, in the order of chance; exit where one is impossible."""
    chance, database = begun.chance, begun.database
    faults: list[Fault] = [_kill(begun)] * options.kills + [_refuse(begun)] * options.refusals
    if options.terminations and isinstance(database, Sqlite):
        sys.exit("Only a server has connections to terminate; leave --terminations out.")
    if options.restarts and server is None:
        sys.exit("There is no PostgreSQL of our own to restart (initdb); leave --restarts out.")
    if not isinstance(database, Sqlite):
        faults += [lambda: database.terminate(chance)] * options.terminations
    if server is not None:
        faults += [_restart(begun, server, chance)] * options.restarts
    chance.shuffle(faults)
    return faults


def _kill(begun: Storm) -> Fault:
    def kill() -> None:
        begun.fleet.kill(begun.chance)
        begun.fleet.start()

    return kill


def _refuse(begun: Storm) -> Fault:
    def refuse() -> None:
        pids = begun.fleet.pids()
        if isinstance(begun.database, Sqlite):
            begun.fleet.cut_off.update(pids)  # not from workers that start meanwhile
        with begun.database.failing(pids):
            time.sleep(begun.chance.uniform(0.3, 2))

    return refuse


def _restart(begun: Storm, server: Server, chance: Random) -> Fault:
    def restart() -> None:
        server.stop(chance.choice(["immediate", "fast"]))
        time.sleep(chance.choice([0, 0.5, OUTAGE]))
        server.start()
        begun.restarts.append(time.monotonic())

    return restart


if __name__ == "__main__":
    sys.exit(main())

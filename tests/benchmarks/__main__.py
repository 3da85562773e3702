"""Measure us beside the peers, in one run; see `--help`."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from types import ModuleType

import click
from rich.console import Console

from . import plot, report
from .machine import describe
from .marks import Marks
from .peers import ALL, Peer
from .run import Run
from .scenarios import ALL as SCENARIOS
from .stage import ROOT, Stages
from .targets import verdicts

RESULTS = ROOT / "build" / "bench"


@click.command()
@click.option("--full", is_flag=True, help="Longer drains, every peer everywhere: about an hour.")
@click.option("--only", multiple=True, type=click.Choice(list(SCENARIOS)), help="Repeatable.")
@click.option(
    "--peer",
    "names",
    multiple=True,
    type=click.Choice([peer.name for peer in ALL]),
    help="Repeatable; we are always measured.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the results.  [build/bench/<time>]"
)
def main(full: bool, only: tuple[str, ...], names: tuple[str, ...], out: Path | None) -> None:
    """Measure bridge.DatabaseBackend beside its peers and beside hand-written SQL.

    Peers take turns in rounds, so that what else the machine does disturbs all of them; the
    ratios are what counts, and the columns per task (CPU, commits, WAL), which noise leaves alone.
    WAL is the whole server's: let nobody else write to it.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that databases are dropped
    chosen = {name: SCENARIOS[name] for name in only or SCENARIOS}
    out = out or RESULTS / datetime.now().strftime("%Y-%m-%d-%H%M%S")
    out.mkdir(parents=True, exist_ok=True)
    machine = describe()
    console.print("  ".join(f"{what}: {value}" for what, value in machine.items()))
    run = measure(console, full, chosen, pick(console, names))
    report.show(console, run.records, chosen)
    found = list(verdicts(run.records))
    console.print(report.promises([verdict for verdict in found if verdict.measured is not None]))
    results = {"machine": machine, "full": full, "records": [r.to_json() for r in run.records]}
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    drawn = plot.draw(run.records, out / "plot.png")
    console.print(f"Written: {out}/results.json" + (" and plot.png" if drawn else ""))


def pick(console: Console, names: tuple[str, ...]) -> tuple[Peer, ...]:
    """Return the wanted peers that can be measured here; name the others."""
    peers = []
    for number, peer in enumerate(ALL):
        if number and names and peer.name not in names:
            continue
        if why := peer.missing():
            console.print(f"[yellow]Without {peer.name}: {why}.[/]")
        else:
            peers.append(peer)
    return tuple(peers)


def measure(
    console: Console, full: bool, chosen: dict[str, ModuleType], peers: tuple[Peer, ...]
) -> Run:
    """Play the scenarios in databases and folders of their own, which are gone afterwards.

    Ctrl+C ends it early; what was measured until then is returned.
    """
    RESULTS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.0f} s[/]  {text}")

    with tempfile.TemporaryDirectory(prefix="bench", dir=RESULTS) as folder:
        with Marks(Path(tempfile.gettempdir()) / f"{Path(folder).name}-{os.getpid()}") as marks:
            with Stages(Path(folder), marks) as stages:
                run = Run(full, peers, stages, say)
                try:
                    for scenario in chosen.values():
                        scenario.play(run)
                except KeyboardInterrupt:
                    say("Stopped; the tables show what was measured until now")
                return run


if __name__ == "__main__":
    main()

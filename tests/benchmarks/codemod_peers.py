"""CPU, wall time and memory of the codemod beside other rewriters, on a copy of one tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
OURS = "celery_to_dep --check"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    cpu: float
    wall: float
    megabytes: float


def commands(tree: Path) -> dict[str, list[str]]:
    """Return what is run, ours first; nothing that needs a cache has one."""
    bin_ = Path(sys.executable).parent
    files = sorted(str(path) for path in tree.rglob("*.py"))
    return {
        OURS: [sys.executable, "-m", "codemods.celery_to_dep", "--check", str(tree)],
        "ruff --select UP": [
            *(str(bin_ / "ruff"), "check", "--isolated", "--no-cache", "--quiet", "--select", "UP"),
            str(tree),
        ],
        "django-upgrade": [
            *(str(bin_ / "django-upgrade"), "--target-version", "5.2", "--check"),
            *files,
        ],
        "bump-pydantic --diff": [str(bin_ / "bump-pydantic"), "--diff", str(tree)],
    }


def cost(command: list[str], folder: Path) -> Cost:
    """Run a command and return its cost. Raises RuntimeError when it was not measured."""
    started = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{command[:4]!r} ended with {process.returncode}. Run it by hand.")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def measure(tree: Path, rounds: int, without: tuple[str, ...]) -> dict[str, Cost]:
    """Return the cheapest of some runs of each, taken in turns so that noise hits all of them."""
    best: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / tree.name
        shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        for _ in range(rounds):
            for name, command in commands(copy).items():
                if name.startswith(without):
                    continue
                found = cost(command, copy.parent)
                if name not in best or found.cpu < best[name].cpu:
                    best[name] = found
    return best


def table(costs: Mapping[str, Cost]) -> list[str]:
    """Return the lines of a table; the ratio is CPU seconds over ours."""
    ours = costs[OURS].cpu
    lines = ["| tool | CPU s | wall s | MB | CPU / ours |", "|---|---|---|---|---|"]
    for name, one in costs.items():
        numbers = f"{one.cpu:.2f} | {one.wall:.2f} | {one.megabytes:.0f} | {one.cpu / ours:.2f}"
        lines.append(f"| {name} | {numbers} |")
    return lines


@click.command()
@click.argument("tree", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rounds", default=3, show_default=True)
@click.option("--without", multiple=True, help="Beginning of a tool's name. Repeatable.")
def main(tree: Path, rounds: int, without: tuple[str, ...]) -> None:
    """Measure the codemod beside ruff, django-upgrade and bump-pydantic on TREE.

    bump-pydantic needs a minute for 100 files: give it a part of a large project.
    """
    for line in table(measure(tree.resolve(), rounds, without)):
        click.echo(line)


if __name__ == "__main__":
    main()

"""Seconds the codemod needs for the shop, beside parsing each of its files once."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SHOP = Path(__file__).resolve().parents[2] / "fixtures" / "projects" / "celery_shop"
RUNS = 3
PARSE = """
import sys
from pathlib import Path
import libcst
for path in Path(sys.argv[1]).rglob("*.py"):
    libcst.parse_module(path.read_bytes())
"""


def measure() -> Iterator[tuple[str, float]]:
    """Yield (what, seconds), the best of some runs; the first is the one to compare with."""
    yield "libcst: parse each file of the shop", best([sys.executable, "-c", PARSE, str(SHOP)], {0})
    check = [sys.executable, "-m", "codemods.celery_to_dep", "--check", str(SHOP)]
    yield "celery_to_dep --check: plan the whole shop", best(check, {1})


def best(command: list[str], ok: set[int]) -> float:
    return min(seconds(lambda: run(command, ok)) for _ in range(RUNS))


def seconds(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def run(command: list[str], ok: set[int]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode not in ok:
        raise SystemExit(f"{command} ended with {result.returncode}:\n{result.stderr}")

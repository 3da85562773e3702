"""The fixture shop, before and after the codemod, on one broker."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.project import ROOT, Process, wait_for

pytestmark = pytest.mark.process
SOURCE = ROOT / "fixtures/projects/celery_shop"
CELERY = [sys.executable, "-m", "celery", "-A", "shop", "worker", "-l", "INFO", "-c", "2"]
QUEUES = "celery,mail,billing,shipping,search,reports"


class Shop:
    """The code before and after the rewrite, sharing a database and a broker."""

    def __init__(self, folder: Path, broker: dict[str, str]) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "SHOP_DB": str(folder / "shop.sqlite3"),
            "SHOP_BROKER_DIR": str(folder / "broker"),
            **broker,
        }
        for name in ("before", "after"):
            leave_out = shutil.ignore_patterns("__pycache__", "*.sqlite3*", "var")
            shutil.copytree(SOURCE, folder / name, ignore=leave_out)
        self.workers: list[Process] = []

    def run(self, side: str, *arguments: str, exit_codes: tuple[int, ...] = (0,)) -> str:
        """Run Python on one side to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=self.folder / side,
            text=True,
            capture_output=True,
            timeout=90,
            check=False,
        )
        assert done.returncode in exit_codes, done.stdout + done.stderr
        return done.stdout

    def worker(self, side: str) -> None:
        """Start a worker with the team's command line and wait until it consumes."""
        process = Process(
            [*CELERY, "-Q", QUEUES, "-n", f"{side}@%h"],
            {**self.environment, "SHOP_WORKER": side},
            self.folder / f"{side}.log",
            cwd=self.folder / side,
        )
        self.workers.append(process)
        wait_for(lambda: " ready." in process.output(), f"start of the worker {side}")

    def place_orders(self, side: str, tag: str, count: int, countdown: int = 0) -> None:
        """Send work, and note what must have run when all is done."""
        expected = self.run(
            side,
            "manage.py",
            "place_orders",
            f"--tag={tag}",
            f"--count={count}",
            f"--countdown={countdown}",
        )
        with (self.folder / "expected.jsonl").open("a") as file:
            file.write(expected.splitlines()[-1] + "\n")

    def report(self) -> dict[str, Any]:
        """Compare what ran with what was sent."""
        path = str(self.folder / "expected.jsonl")
        output = self.run("before", "manage.py", "audit_report", "--expect", path)
        report: dict[str, Any] = json.loads(output.splitlines()[-1])
        return report


@pytest.fixture(params=["filesystem", "rabbitmq"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """The shop on a broker; its workers die with the test."""
    broker = {}
    if request.param == "rabbitmq":
        broker = {"SHOP_BROKER": request.getfixturevalue("rabbitmq")["PLANT_BROKER"]}
    shop = Shop(tmp_path, broker)
    yield shop
    for worker in shop.workers:
        worker.kill_all()
        print(f"--- {worker.log.name}\n{worker.output()}")


def test_rewritten_shop_shares_its_broker_with_the_old_one(shop: Shop) -> None:
    shop.run("before", "manage.py", "migrate", "-v0")
    shop.place_orders("before", "early", 6, countdown=4)
    path = str(shop.folder / "after")
    # 1: rewritten, and something is left for a person.
    shop.run("after", "-m", "codemods.celery_to_dep", path, exit_codes=(0, 1))
    shop.run("after", "manage.py", "migrate", "-v0")
    settings = (shop.folder / "after/shop/settings.py").read_text()
    assert "bridge.CeleryBackend" in settings

    shop.worker("after")
    shop.worker("before")
    shop.place_orders("before", "old", 10)
    shop.place_orders("after", "new", 10)
    report = wait_for(lambda: (r := shop.report())["lost"] == 0 and r, "everything to run")

    assert report["twice"] == 0, report["twice_pairs"]
    assert report["run"] == report["sent"] > 200
    assert report["by_worker"].keys() == {"after", "before"}

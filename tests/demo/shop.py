"""A copy of the shop's code on disk, and the commands its team would type in it."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from .processes import Crew

SOURCE = Path(__file__).resolve().parents[2] / "fixtures" / "projects" / "celery_shop"
QUEUES = "celery,mail,billing,shipping,search,reports"
MINUTE = 60

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One copy of the code; all copies share the database and the broker's folder."""

    folder: Path
    shared: Path
    crew: Crew

    @classmethod
    def copy(cls, name: str, *, shared: Path, crew: Crew) -> "Shop":
        folder = shared / name
        leave_out = shutil.ignore_patterns("__pycache__", "*.sqlite3*", "var")
        shutil.copytree(SOURCE, folder, ignore=leave_out)
        return cls(folder=folder, shared=shared, crew=crew)

    def environment(self, worker: str = "") -> dict[str, str]:
        """Return the caller's environment with this demo's database, broker and worker name."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "CELERY_"))}
        return env | {
            "SHOP_DB": str(self.shared / "shop.sqlite3"),
            "SHOP_BROKER_DIR": str(self.shared / "broker"),
            "SHOP_WORKER": worker,
            "TMPDIR": str(self.shared / "tmp"),  # what a killed program leaves goes with the rest
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "100",
        }

    def run(self, name: str, *arguments: str) -> str:
        """Run `python ARGUMENTS` here to its end; return its output."""
        self.begin(name, *arguments)
        return self.crew.finish(name, timeout=2 * MINUTE)

    def begin(self, name: str, *arguments: str, worker: str = "") -> None:
        """Start `python ARGUMENTS` here, under a name, and leave it running."""
        command = [sys.executable, *arguments]
        self.crew.start(name, command, cwd=self.folder, env=self.environment(worker))

    def manage(self, name: str, *arguments: str) -> str:
        return self.run(name, "manage.py", *arguments)

    def celery_worker(self, name: str) -> None:
        """Start the worker the team runs today; wait until it takes messages."""
        options = ["--concurrency", "2", "--queues", QUEUES, "--hostname", f"{name}@%h"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        command = ["-m", "celery", "--app", "shop", "worker", "--loglevel", "info"]
        self.begin(name, *command, *options, *quiet, worker=name)
        self.crew.wait_until(
            lambda: " ready." in self.crew.log(name).read_text(errors="replace"),
            timeout=MINUTE,
            what=f"{name} to be ready",
        )

    def db_worker(self, name: str) -> None:
        """Start a worker that takes its tasks from the database."""
        self.begin(name, "manage.py", "db_worker", "--processes", "2", worker=name)

    def place_orders(self, name: str, tag: str, *, count: int, countdown: int) -> None:
        """Start placing orders; `countdown` seconds hold back what can be held."""
        options = ["--tag", tag, "--count", str(count), "--countdown", str(countdown)]
        self.begin(name, "manage.py", "place_orders", *options)

    def audit_report(self, pairs: list[Pair]) -> dict[str, int]:
        """Ask the shop itself how often each of these ran."""
        expected: dict[str, list[str]] = {}
        for kind, reference in pairs:
            expected.setdefault(kind, []).append(reference)
        path = self.shared / "expected.json"
        path.write_text(json.dumps({"expected": expected}))
        output = self.manage("audit report", "audit_report", "--expect", str(path))
        report = json.loads(output.splitlines()[-1])
        return {name: report[name] for name in ("sent", "run", "twice", "lost")}

"""A team's project before and after the rewrite, on one broker and one database."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.process.celery.reading import Read, from_postgres, from_sqlite
from tests.process.console import Console
from tests.process.project import ROOT, Process, wait_for

PROJECTS = Path(__file__).parent / "projects"
NAMES = """
from plant.tasks import *
from datetime import *
"""


class Plant:
    """The two sides of the plant; `side` is "old" or "new" everywhere."""

    projects = PROJECTS

    def __init__(self, folder: Path, broker: dict[str, str], tables: Path | None = None) -> None:
        self.folder = folder
        self.database = folder / "plant.sqlite3"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "plant.settings",
            "PLANT_DB": str(self.database),
            "PLANT_FOLDER": str(folder),
            "PYTHONUNBUFFERED": "1",
            **broker,
        }
        self.workers: list[Process] = []
        self._consoles: dict[tuple[str, ...], Console] = {}
        postgres = broker.get("PLANT_POSTGRES")
        self._select: Read = from_postgres(postgres) if postgres else from_sqlite(self.database)
        if tables is not None:
            shutil.copy(tables, self.database)

    def migrate(self, alias: str = "default") -> Path:
        """Create the tables; return the file they are in."""
        self.run(
            "new",
            "from django.core.management import call_command\n"
            f"call_command('migrate', database={alias!r}, run_syncdb=True, verbosity=0)",
        )
        return self.database

    def environment_of(self, side: str, **more: str) -> dict[str, str]:
        """Return the environment of a process of one side."""
        path = os.pathsep.join([str(self.projects / side), str(ROOT)])
        return {**self.environment, "PYTHONPATH": path, **more}

    def run(self, side: str, code: str, **environment: str) -> Any:
        """Run Python code inside one side; it hands back JSON by calling give()."""
        complete = self.environment_of(side, **environment)
        key = tuple(map("=".join, complete.items()))
        if key not in self._consoles:
            self._consoles[key] = Console(complete, cwd=self.folder, names=NAMES)
        return self._consoles[key].run(code)

    def worker(self, side: str, *arguments: str, pool: str = "prefork", size: int = 2) -> Process:
        """Start a Celery worker of one side, with the command line every team has."""
        process = Process(
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "plant",
                "worker",
                "-l",
                "INFO",
                "-P",
                pool,
                "-c",
                str(size),
                "-n",
                f"{side}-{secrets.token_hex(3)}@%h",
                "--without-gossip",
                "--without-mingle",
                *arguments,
            ],
            self.environment_of(side),
            self.folder / f"worker-{len(self.workers)}-{side}.log",
        )
        self.workers.append(process)
        return process

    def db_worker(self, *arguments: str) -> Process:
        """Start a db_worker of the new side."""
        command = [sys.executable, "-m", "django", "db_worker", "--interval", "0.1", *arguments]
        log = self.folder / f"worker-{len(self.workers)}-db.log"
        self.workers.append(Process(command, self.environment_of("new"), log))
        return self.workers[-1]

    def ready(self, *workers: Process) -> None:
        """Wait until workers consume."""
        for worker in workers:
            wait_for(
                lambda w=worker: " ready." in w.output() or w.popen.poll() is not None, "start"
            )
            assert worker.popen.poll() is None, worker.output()

    def rows(self, ledger: Read | None = None) -> list[dict[str, Any]]:
        """Return the ledger, which may be in another database."""
        return (ledger or self._select)("SELECT * FROM bridge_task ORDER BY id")

    def row(self, task_id: str) -> dict[str, Any]:
        """Return one row."""
        return next(row for row in self.rows() if row["id"] == task_id.replace("-", ""))

    def settled(
        self, *task_ids: str, seconds: float = 60, ledger: Read | None = None
    ) -> list[dict[str, Any]]:
        """Wait until tasks have ended and return their rows."""
        ended = {"SUCCESSFUL", "FAILED"}

        def look() -> list[dict[str, Any]]:
            known = {row["id"]: row for row in self.rows(ledger) if row["status"] in ended}
            found = [known.get(task_id.replace("-", "")) for task_id in task_ids]
            return [row for row in found if row] if all(found) else []

        return wait_for(look, f"the end of {task_ids}", seconds=seconds)

    def runs(self) -> list[list[str]]:
        """Return [name, side, process id] of every execution, in order."""
        rows = self._select("SELECT name FROM app_run ORDER BY id")
        return [row["name"].rsplit(" ", 2) for row in rows]

    def ran(self, *names: str, seconds: float = 60) -> list[list[str]]:
        """Wait until each of these names has run, and return their executions."""

        def look() -> list[list[str]]:
            found = [run for run in self.runs() if run[0] in names]
            return found if {run[0] for run in found} == set(names) else []

        return wait_for(look, f"the run of {names}", seconds=seconds)

    def kill(self) -> None:
        """Kill every process, children included."""
        for console in self._consoles.values():
            console.close()
        for worker in self.workers:
            worker.kill_all()

    def stop(self) -> None:
        """Kill every process, and show what the workers said if the test fails."""
        self.kill()
        for worker in self.workers:
            print(f"--- {worker.log.name}\n{worker.output()}")

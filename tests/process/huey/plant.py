"""A team's project before and after the rewrite, on one Huey and one database."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.process.celery.plant import Plant
from tests.process.project import Process


class HueyPlant(Plant):
    """The two sides of the plant; `side` is "old" or "new" everywhere."""

    projects = Path(__file__).parent / "projects"

    def consumer(self, side: str, *arguments: str, kind: str = "thread", size: int = 2) -> Process:
        """Start a Huey consumer of one side, with the command line every team has."""
        command = [sys.executable, "-m", "django", "run_huey", "-k", kind, "-w", str(size)]
        # Not the tasks of other apps: those of the suite need what old code has not.
        command += ["-A", "-d", "0.05", "-m", "0.1", "--health-check-interval", "1", *arguments]
        log = self.folder / f"consumer-{len(self.workers)}-{side}.log"
        self.workers.append(Process(command, self.environment_of(side), log))
        return self.workers[-1]

    def workers_alive(self) -> int:
        """Return how many workers have a lease."""
        return len(self._select("SELECT id FROM bridge_worker"))

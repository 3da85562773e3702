"""A project under load while things break, and the question what became of every task."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.process.chaos.audit import FINAL, Audit, Row
from tests.process.chaos.calls import Call
from tests.process.chaos.databases import Database
from tests.process.chaos.figures import Figures
from tests.process.chaos.fleet import Fleet
from tests.process.chaos.journal import Journal
from tests.process.project import Project

LEASE = 3.0
SHOWN = 10
Fault = Callable[[], object]


class Storm:
    """A project on a database, its fleet, its journal, and what was enqueued."""

    def __init__(self, project: Project, database: Database, seed: int) -> None:
        self.project = project
        self.database = database
        self.seed = seed
        self.chance = random.Random(seed)
        self.journal = Journal(Path(project.environment["CHAOS_JOURNAL"]))
        self.max_losses = int(project.environment["CHAOS_MAX_LOSSES"])
        self.fleet = Fleet(project, [], {})
        self.calls: list[Call] = []
        self.restarts: list[float] = []
        self.began = time.monotonic()

    def man(
        self,
        *places: str,
        clocks: Sequence[float] = (),
        database: dict[str, Any] | None = None,
    ) -> None:
        """Start one worker per place, a command line; the database can be another way to it."""
        environment = {"CHAOS_DATABASE": json.dumps(database or self.database.settings)}
        self.fleet = Fleet(
            self.project, [tuple(place.split()) for place in places], environment, list(clocks)
        )
        self.fleet.start()
        self.fleet.wait()
        self.began = time.monotonic()

    def enqueue(self, calls: Sequence[Call]) -> None:
        """Enqueue calls in one transaction."""
        self.calls += calls
        given = json.dumps([asdict(call) for call in calls])
        self.project.run(
            "import json\nfrom tests.process.chaos import tasks\n"
            f"tasks.enqueue(json.loads({given!r}))"
        )

    def rage(self, calls: Sequence[Call], faults: Sequence[Fault], pace: float) -> None:
        """Enqueue the calls in portions, with a fault after each, `pace` seconds at most later."""
        portions = [calls[start :: len(faults) + 1] for start in range(len(faults) + 1)]
        for portion, fault in zip(portions, [*faults, None], strict=True):
            self.enqueue(portion)
            time.sleep(self.chance.uniform(0, pace))
            if fault:
                fault()

    def drain(self, seconds: float) -> None:
        """Wait until every task is in its final state; stop waiting after some seconds."""
        deadline = time.monotonic() + seconds
        while self.unfinished() and time.monotonic() < deadline:
            if self.fleet.kills:
                self.fleet.start()
            time.sleep(0.1)

    def unfinished(self) -> int:
        """Return how many tasks are not in their final state."""
        left: int = self.project.run(
            f"give(TaskRow.objects.exclude(status__in={sorted(FINAL)}).count())"
        )
        return left

    def rows(self) -> list[Row]:
        """Return the ledger."""
        to_monotonic = time.monotonic() - time.time()
        rows: list[Row] = self.project.rows()
        for row in rows:
            row["enqueued"] = datetime.fromisoformat(row["enqueued_at"]).timestamp() + to_monotonic
        return rows

    def judge(self) -> Audit:
        """Compare the ledger with the journal; raise AssertionError with what is wrong."""
        audit = Audit(
            self.calls,
            self.rows(),
            self.journal.read(),
            killed=self.fleet.killed,
            max_losses=self.max_losses,
        )
        if audit.problems:
            shown = "\n".join(audit.problems[:SHOWN])
            raise AssertionError(
                f"seed {self.seed} on {self.database.name}: {len(audit.problems)} problems in "
                f"{len(self.calls)} tasks\n{shown}"
            )
        return audit

    def figures(self, audit: Audit) -> Figures:
        """Return what the storm did and how long its wounds were open."""
        return Figures(audit, self.fleet, self.restarts, self.began)


@contextmanager
def storm(database: Database, folder: Path, *, seed: int, max_losses: int = 100) -> Iterator[Storm]:
    """Set a project up on the database; its processes end with the block."""
    project = Project(
        {
            "DJANGO_SETTINGS_MODULE": "tests.process.chaos.settings",
            "CHAOS_DATABASE": json.dumps(database.settings),
            "CHAOS_JOURNAL": str(folder / "journal"),
            "CHAOS_LEASE": str(LEASE),
            "CHAOS_MAX_LOSSES": str(max_losses),
        },
        folder,
    )
    project.migrate()
    try:
        yield Storm(project, database, seed)
    finally:
        project.stop()

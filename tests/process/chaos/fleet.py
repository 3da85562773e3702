"""The workers of a storm: several db_worker families, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from tests.process.project import Process, Project, wait_for

CHILD, FAMILY, SUPERVISOR = "child", "family", "supervisor"
KINDS = {CHILD: 60, FAMILY: 25, SUPERVISOR: 15}


@dataclass(frozen=True, slots=True)
class Kill:
    """What was killed, and when in seconds of time.monotonic()."""

    kind: str
    at: float
    supervisor: int
    pids: frozenset[int]
    family: frozenset[int]


@dataclass(slots=True)
class Fleet:
    """One command line per place; start() fills every place that is empty."""

    project: Project
    places: list[tuple[str, ...]]
    environment: dict[str, str]
    clocks: list[float] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    cut_off: set[int] = field(default_factory=set)
    ended_by_themselves: list[int] = field(default_factory=list)
    _workers: dict[int, Process] = field(default_factory=dict)

    def start(self) -> None:
        """Start a worker wherever none runs, as a service manager would."""
        for place, arguments in enumerate(self.places):
            worker = self._workers.get(place)
            if worker is not None and worker.popen.poll() is None:
                continue
            if worker is not None and worker.popen.returncode != -signal.SIGKILL:
                self.ended_by_themselves.append(worker.popen.returncode)
            offset = str(self.clocks[place] if self.clocks else 0)
            environment = {**self.environment, "CHAOS_CLOCK_OFFSET": offset}
            self._workers[place] = self.project.worker(*arguments, **environment)

    def wait(self) -> None:
        """Wait until every worker has a child."""
        wait_for(lambda: len(self._families()) == len(self.places), "the start of every worker")

    def stop(self) -> list[int]:
        """Ask every worker to end; return the exit codes."""
        for worker in self._workers.values():
            worker.signal(signal.SIGTERM)
        return [worker.exit_code() for worker in self._workers.values()]

    def pids(self) -> list[int]:
        """Return every process of every family."""
        return [pid for worker in self._workers.values() for pid in _family(worker)]

    def running(self) -> list[int]:
        """Return the supervisors that run."""
        return [w.popen.pid for w in self._workers.values() if w.popen.poll() is None]

    def kill(self, chance: Random, kind: str | None = None) -> None:
        """SIGKILL a child, a whole family at once, or a supervisor alone."""
        families = wait_for(self._families, "a worker with a child")
        worker = chance.choice(list(families))
        supervisor, family = worker.popen.pid, families[worker]
        kind = kind or chance.choices(list(KINDS), list(KINDS.values()))[0]
        victim = chance.choice([pid for pid in family if pid != supervisor])
        # Children end by themselves once their supervisor is gone.
        dead = [victim] if kind == CHILD else family
        self.kills.append(
            Kill(kind, time.monotonic(), supervisor, frozenset(dead), frozenset(family))
        )
        with suppress(ProcessLookupError):
            if kind == FAMILY:
                worker.kill_all()
            else:
                os.kill(victim if kind == CHILD else supervisor, signal.SIGKILL)

    def _families(self) -> dict[Process, list[int]]:
        families = {worker: _family(worker) for worker in self._workers.values()}
        return {worker: pids for worker, pids in families.items() if len(pids) > 1}

    @property
    def killed(self) -> set[int]:
        """Return every process that died of a kill, or was cut off for longer than its lease."""
        return self.cut_off.union(*(kill.pids for kill in self.kills))


def _family(worker: Process) -> list[int]:
    found = subprocess.run(
        ["pgrep", "--pgroup", str(worker.popen.pid)], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in found.stdout.split()]

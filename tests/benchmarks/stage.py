"""A peer in a database of its own: what a scenario plays on."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from . import databases, marks, space
from .marks import Marks
from .peers import Peer
from .processes import Tree
from .producer import Producer

ROOT = Path(__file__).resolve().parents[2]


class Stage:
    """Make the database and its tables; `close` removes everything again."""

    def __init__(self, peer: Peer, kind: str, folder: Path, seen: Marks) -> None:
        self.peer = peer
        self.marks = seen
        self.pace = 0.0
        self._folder = folder
        self._name = f"{folder.name}_{peer.name}".replace("-", "_").lower()
        self.database = databases.create(kind, self._name, folder)
        self._labels = 0
        try:
            self._migrate()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Drop the database and the keys in Redis."""
        self.database.drop()
        if self.peer.redis:
            space.clear(self._name)

    def reset(self) -> None:
        """Forget every task."""
        self.database.reset()
        if self.peer.redis:
            space.clear(self._name)

    def producer(self) -> Producer:
        """Start a process that enqueues."""
        return Producer(self.environment(), self.log("producer"))

    def worker(self, concurrency: int, port: int | None = None) -> Tree:
        """Start this peer's worker; `port` leads to the database through a proxy."""
        commands = self.peer.commands(concurrency)
        return Tree(commands, self.environment(port), self.log("worker"))

    def log(self, what: str) -> Path:
        """Return the file for what a process says."""
        return self._folder / f"{self._name}.{what}.log"

    def label(self) -> str:
        """Return a name for a moment, different from all before."""
        self._labels += 1
        return f"{self._name}.{self._labels}"

    def warm(self, worker: Tree, producer: Producer) -> None:
        """Wait until the worker runs tasks and is idle again."""
        label = self.label()
        producer.ask("mark", label)
        self.seen(worker, label, 40)
        worker.settle()

    def seen(self, worker: Tree, label: str, seconds: float) -> float:
        """Return when a task reported. Raise RuntimeError or TimeoutError, with the log's end."""
        try:
            return self.marks.wait(label, seconds)
        except TimeoutError as error:
            worker.check()
            raise TimeoutError(f"{error} The worker says: {worker.tail() or 'nothing'}") from None

    def finished(self, seconds: float) -> float | None:
        """Return when no task was left to finish; None where only tasks can tell."""
        if not self.peer.unfinished:
            return None
        until = time.monotonic() + seconds
        while (left := self.database.count(self.peer.unfinished)) > 0:
            if time.monotonic() > until:
                raise TimeoutError(f"{left} tasks were not finished within {seconds:.0f} s.")
            time.sleep(0.01)
        return time.monotonic()

    def environment(self, port: int | None = None) -> dict[str, str]:
        """Return the environment of a process of this peer."""
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
            "BENCH_PEER": self.peer.name,
            "BENCH_DATABASE": json.dumps(self.database.settings(port)),
            marks.VARIABLE: str(self.marks.path),
            space.VARIABLE: self._name,
        }

    def _migrate(self) -> None:
        for command in self.peer.prepare():
            done = subprocess.run(
                command,
                env=self.environment(),
                check=False,
                capture_output=True,
                text=True,
                timeout=120,
            )
            if done.returncode:
                raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr}")
        self.database.migrated()


class Stages:
    """The stages of a run, made when first asked for and all removed at its end."""

    def __init__(self, folder: Path, seen: Marks) -> None:
        self._folder = folder
        self._marks = seen
        self._stages: dict[tuple[str, str], Stage] = {}
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def get(self, peer: Peer, kind: str) -> Stage:
        """Return a peer's stage on a kind of database, with every task forgotten."""
        key = (peer.name, kind)
        if key not in self._stages:
            stage = Stage(peer, kind, self._folder, self._marks)
            self._exit.callback(stage.close)
            self._stages[key] = stage
        self._stages[key].reset()
        return self._stages[key]

"""Process trees: start one, hold it, look at its CPU time and memory, end it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

SETTLED = 0.15
"""A tree that uses less of one core than this has finished starting."""


class Tree:
    """Some commands, each with its descendants; what they print goes to a log file."""

    def __init__(
        self, commands: Sequence[Sequence[str]], environment: Mapping[str, str], log: Path
    ) -> None:
        self.log = log
        with log.open("wb") as output:
            self._roots = [
                subprocess.Popen(
                    command,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl+C is for the bench, which then ends these
                )
                for command in commands
            ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def check(self) -> None:
        """Raise RuntimeError with the end of the log when a command has ended by itself."""
        for root in self._roots:
            if root.poll() is not None:
                raise RuntimeError(f"{root.args} ended with {root.returncode}: {self.tail()}")

    def tail(self, characters: int = 600) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-characters:].strip()

    def cpu(self) -> float:
        """Return the CPU seconds used so far, those of children that ended included."""
        return sum(cpu_of(process) for process in self._processes())

    def rss(self) -> int:
        """Return the resident bytes of all processes."""
        total = 0
        for process in self._processes():
            with suppress(psutil.Error):
                total += process.memory_info().rss
        return total

    def settle(self, seconds: float = 15) -> None:
        """Wait until the tree is idle, at most so long."""
        until = time.monotonic() + seconds
        before = self.cpu()
        while time.monotonic() < until:
            time.sleep(0.3)
            after = self.cpu()
            if after - before < SETTLED * 0.3:
                return
            before = after

    def hold(self) -> None:
        """Stop every process where it is."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the processes run again."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End every process at once: nothing they could still say is of interest."""
        self._signal(signal.SIGKILL)
        for root in self._roots:
            root.wait()

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes():  # some peers' children have a process group of their own
            with suppress(psutil.Error):
                process.send_signal(number)

    def _processes(self) -> list[psutil.Process]:
        found = []
        for root in self._roots:
            with suppress(psutil.Error):
                process = psutil.Process(root.pid)
                found += [process, *process.children(recursive=True)]
        return found


def cpu_of(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and its dead children; 0 when it is gone."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)

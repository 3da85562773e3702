"""Start programs in process groups of their own, and leave none of them behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

TAIL = 25


class StepFailed(Exception):
    """A step of the demo did not do what it must; the message says what and shows its output."""


class Crew:
    """The running programs, by name, each with its log; closing it ends all of them."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start(
        self, name: str, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own: a Ctrl+C in the terminal reaches us alone."""
        if name in self.running:
            raise ValueError(f"{name!r} is already running. Stop it first, or choose another name.")
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running[name] = process
        return process

    def finish(self, name: str, *, timeout: float) -> str:
        """Wait up to `timeout` seconds for a program to end well by itself; return its output."""
        process = self.running[name]
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise StepFailed(
                f"{name} did not end within {timeout:.0f} s.\n{self.tail(name)}"
            ) from error
        finally:
            self.kill(name)
        if code != 0:
            raise StepFailed(f"{name} ended with exit code {code}.\n{self.tail(name)}")
        return self.log(name).read_text(errors="replace")

    def stop(self, name: str, *, patience: float = 20) -> None:
        """Ask a program to stop after its current work; raise StepFailed unless it does."""
        process = self.running[name]
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired as error:
            raise StepFailed(
                f"{name} did not stop within {patience:.0f} s.\n{self.tail(name)}"
            ) from error
        finally:
            self.kill(name)

    def wait_until(self, condition: Callable[[], bool], *, timeout: float, what: str) -> None:
        """Poll until the condition holds; raise StepFailed after `timeout` seconds, or sooner if a
        program dies."""
        end = time.monotonic() + timeout
        while not condition():
            self.check_alive()
            if time.monotonic() > end:
                tails = "\n".join(self.tail(name) for name in self.running)
                raise StepFailed(f"Waited {timeout:.0f} s for {what}, in vain.\n{tails}")
            time.sleep(0.1)

    def check_alive(self) -> None:
        """Raise StepFailed if a program that should be running has ended."""
        for name, process in self.running.items():
            if process.poll() is not None:
                code = process.returncode
                raise StepFailed(f"{name} ended early, with code {code}.\n{self.tail(name)}")

    def close(self, *, patience: float = 2) -> None:
        """Ask all to end at once, wait `patience` seconds together, then kill the groups."""
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + patience
        while time.monotonic() < end and any(p.poll() is None for p in self.running.values()):
            time.sleep(0.05)
        for name in list(self.running):
            self.kill(name)

    def kill(self, name: str) -> None:
        """Kill what is left of a program's process group, children that outlived it included."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def log(self, name: str) -> Path:
        return self.logs / f"{name.replace(' ', '-')}.log"

    def tail(self, name: str) -> str:
        """Return the last lines of a program's output, under its name."""
        lines = self.log(name).read_text(errors="replace").splitlines()[-TAIL:]
        return "\n".join([f"--- last lines of {name}", *lines])

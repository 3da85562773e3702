"""A Django project in its own database, driven from outside as a team would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar

from tests.process.console import Console
from tests.process.nursery import Forked, nursery

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
PYTHON_M = [sys.executable, "-m"]


def wait_for(look: Callable[[], T], what: str, *, seconds: float = 60) -> T:
    """Return the first true value of look(), or fail after some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := look():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class Process:
    """A worker in its own process group, its output in a file.

    `python -m` comes from the nursery, unless its interpreter has to be a `fresh` one.
    """

    def __init__(
        self,
        arguments: list[str],
        environment: dict[str, str],
        log: Path,
        cwd: Path = ROOT,
        *,
        fresh: bool = False,
    ) -> None:
        self.log = log
        self.popen: subprocess.Popen[bytes] | Forked
        with log.open("wb") as output, Path(os.devnull).open("rb") as nothing:
            if arguments[:2] == PYTHON_M and not fresh:
                files = [nothing.fileno(), output.fileno(), output.fileno()]
                self.popen = nursery().start(arguments[2:], environment, cwd, files)
            else:
                self.popen = subprocess.Popen(
                    arguments,
                    env=environment,
                    cwd=cwd,
                    stdin=nothing,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def signal(self, number: int) -> None:
        """Send a signal to the main process only."""
        self.popen.send_signal(number)

    def kill_all(self) -> None:
        """SIGKILL the process and its children at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(30)

    def exit_code(self, seconds: float = 60) -> int:
        """Wait for the end and return the exit code."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"still running after {seconds} s:\n{self.output()}") from error

    def output(self) -> str:
        """Return what it printed so far."""
        return self.log.read_text()


def complete(environment: dict[str, str]) -> dict[str, str]:
    """Return the environment of a project's processes; the argument says what is special."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.process.settings", "PYTHONPATH": str(ROOT)}
    return {**os.environ, **settings, **environment}


def finished(
    arguments: list[str], environment: dict[str, str], cwd: Path = ROOT, *, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Let `python -m` with these arguments run to its end."""
    with Path(os.devnull).open() as nothing, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        files = [nothing.fileno(), out.fileno(), err.fileno()]
        code = nursery().start(arguments, environment, cwd, files).wait(seconds)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read(), err.read())


class Project:
    """The test app on one database."""

    def __init__(
        self, environment: dict[str, str], folder: Path, console: Console | None = None
    ) -> None:
        self.folder = folder
        self.environment = complete(environment)
        self.workers: list[Process] = []
        self.console = console or Console(self.environment, cwd=ROOT)
        self._closes = console is None

    def migrate(self) -> None:
        """Create the tables."""
        self.run(
            "from django.core.management import call_command\n"
            "call_command('migrate', run_syncdb=True, verbosity=0)"
        )

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        done = finished(["django", *arguments], self.environment)
        if check:
            done.check_returncode()
        return done

    def run(self, code: str) -> Any:
        """Run Python code inside the project; it hands back JSON by calling give()."""
        return self.console.run(code)

    def worker(self, *arguments: str, **environment: str) -> Process:
        """Start a db_worker."""
        log = self.folder / f"worker-{len(self.workers)}.log"
        command = [sys.executable, "-m", "django", "db_worker", "--interval", "0.1", *arguments]
        self.workers.append(Process(command, {**self.environment, **environment}, log))
        return self.workers[-1]

    def rows(self) -> list[dict[str, Any]]:
        """Return the ledger."""
        rows: list[dict[str, Any]] = self.run("give(list(TaskRow.objects.order_by('id').values()))")
        return rows

    def row(self) -> dict[str, Any]:
        """Return the only row of the ledger."""
        (row,) = self.rows()
        return row

    def runs(self) -> list[str]:
        """Return the names that task bodies recorded."""
        names: list[str] = self.run(
            "give(list(Run.objects.order_by('id').values_list('name', flat=True)))"
        )
        return names

    def wait_for_runs(self, count: int) -> list[str]:
        """Wait until that many task bodies have recorded their name."""
        return wait_for(lambda: len(r := self.runs()) >= count and r, f"{count} runs")

    def stop(self) -> None:
        """Kill what is left, children included."""
        if self._closes:
            self.console.close()
        for worker in self.workers:
            worker.kill_all()

    def end(self) -> None:
        """Stop, and show what the workers said if the test fails."""
        self.stop()
        for worker in self.workers:
            print(f"--- {worker.log.name}\n{worker.output()}")

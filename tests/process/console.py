"""A Python prompt inside a project, in a process of its own: looking again costs no new start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

START = """
import json, sys, traceback
import django
django.setup()
from django.db import connections
"""
TEST_APP = """
from tests.app.tasks import *
from tests.app.models import Run
from bridge.models import TaskRow, WorkerRow
"""
PROMPT = """
replies, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    given = []
    try:
        exec(json.loads(line), {**globals(), "give": given.append})
        reply = {"given": given[-1] if given else None}
    except Exception:
        reply = {"error": traceback.format_exc()}
    connections.close_all()
    print(json.dumps(reply, default=str), file=replies, flush=True)
"""


class Console:
    """Runs code in the project that the environment names."""

    def __init__(self, environment: dict[str, str], *, cwd: Path, names: str = TEST_APP) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", START + names + PROMPT],
            env=environment,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._owes = False

    def run(self, code: str) -> Any:
        """Run code; return the last value it gave to give(), as JSON brings it back."""
        assert self.popen.stdin
        assert self.popen.stdout
        assert not self._owes, "The console has not answered what it was asked before."
        self._owes = True
        self.popen.stdin.write(json.dumps(code) + "\n")
        self.popen.stdin.flush()
        line = self.popen.stdout.readline()
        assert line, f"The console ended with exit code {self.popen.wait(10)}."
        self._owes = False
        reply = json.loads(line)
        assert "error" not in reply, reply["error"]
        return reply["given"]

    def close(self) -> None:
        """End the process."""
        self.popen.kill()
        self.popen.communicate()

"""A Python prompt inside a project, in a process of its own: looking again costs no new start."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from tests.process.nursery import nursery

TEST_APP = """
from tests.app.tasks import *
from tests.app.models import Run
from bridge.models import TaskRow, WorkerRow
"""


class Console:
    """Runs code in the project that the environment names."""

    def __init__(self, environment: dict[str, str], *, cwd: Path, names: str = TEST_APP) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        prompt = ["tests.process.prompt", names]
        self.process = nursery().start(prompt, environment, cwd, [theirs_in, theirs_out, 2])
        os.close(theirs_in)
        os.close(theirs_out)
        self._questions = os.fdopen(ours_out, "w")
        self._answers = os.fdopen(ours_in)
        self._owes = False

    def run(self, code: str) -> Any:
        """Run code; return the last value it gave to give(), as JSON brings it back."""
        assert not self._owes, "The console has not answered what it was asked before."
        self._owes = True
        print(json.dumps(code), file=self._questions, flush=True)
        line = self._answers.readline()
        assert line, f"The console ended with exit code {self.process.wait(10)}."
        self._owes = False
        reply = json.loads(line)
        assert "error" not in reply, reply["error"]
        return reply["given"]

    def close(self) -> None:
        """End the process."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self._questions.close()
        self._answers.close()

"""A demo that is ended from outside leaves no process and no folder behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO_AND_WORKER = 4  # the worker is a parent and two children

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        not Path("/proc/self/environ").exists(), reason="finds its processes through /proc"
    ),
]


def processes_of(folder):
    """Return the ids of the processes whose environment names this folder or one inside it."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = environ.read_bytes()
        except OSError:
            continue
        if f"={folder}".encode() in variables:
            found.append(int(environ.parent.name))
    return found


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_workers_and_removes_the_folder(tmp_path, number):
    demo = subprocess.Popen(
        [sys.executable, "-m", "tests.demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: len(processes_of(tmp_path)) >= DEMO_AND_WORKER)
        demo.send_signal(number)
        output, _ = demo.communicate(timeout=30)
    finally:
        demo.kill()
    assert demo.returncode == 128 + number, output
    wait_for(lambda: processes_of(tmp_path) == [], seconds=5)
    assert list(tmp_path.iterdir()) == []

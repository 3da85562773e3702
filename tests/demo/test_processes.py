"""Nothing the demo starts outlives it, however it ends."""

import os
import sys
import time
from pathlib import Path

import pytest

from .processes import Crew, StepFailed

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks at processes through /proc"
)

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def python(crew, name, code, tmp_path):
    return crew.start(name, [sys.executable, "-c", code], cwd=tmp_path, env=os.environ)


def alive(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def gone(pid):
    end = time.monotonic() + 5
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


@pytest.fixture
def crew(tmp_path):
    with Crew(tmp_path) as crew:
        yield crew


def stubborn(crew, tmp_path):
    """Start a program that ignores SIGTERM and has a child; return both process ids."""
    process = python(crew, "stubborn", STUBBORN, tmp_path)
    crew.wait_until(lambda: crew.log("stubborn").read_text() != "", timeout=20, what="its child")
    return process.pid, int(crew.log("stubborn").read_text())


def test_close_kills_a_program_that_ignores_the_request_and_its_children(crew, tmp_path):
    pids = stubborn(crew, tmp_path)
    crew.close(patience=0.1)
    assert all(gone(pid) for pid in pids)


def test_an_error_inside_the_block_ends_every_program(tmp_path):
    started = []

    def fail_with_a_program_running():
        with Crew(tmp_path) as crew:
            started.append(python(crew, "sleeper", "import time; time.sleep(60)", tmp_path))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_with_a_program_running()
    assert gone(started[0].pid)


def test_stop_fails_and_kills_when_the_program_does_not_stop_in_time(crew, tmp_path):
    pids = stubborn(crew, tmp_path)
    with pytest.raises(StepFailed, match="did not stop"):
        crew.stop("stubborn", patience=0.1)
    assert all(gone(pid) for pid in pids)


def test_children_that_outlive_a_finished_program_are_killed(crew, tmp_path):
    code = (
        "import subprocess, sys; print(subprocess.Popen("
        "[sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
    )
    python(crew, "parent", code, tmp_path)
    child = int(crew.finish("parent", timeout=20))
    assert gone(child)


def test_a_program_that_dies_ends_the_wait_with_its_last_words(crew, tmp_path):
    python(crew, "victim", "raise SystemExit('out of paper')", tmp_path)
    with pytest.raises(StepFailed, match="out of paper"):
        crew.wait_until(lambda: False, timeout=20, what="a miracle")


def test_a_wrong_exit_code_is_a_failure(crew, tmp_path):
    python(crew, "failing", "raise SystemExit(3)", tmp_path)
    with pytest.raises(StepFailed, match="exit code 3"):
        crew.finish("failing", timeout=20)

"""What is seen of a long run, and what an interrupted one leaves."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from codemods.engine.cli import modes
from codemods.engine.cli.progress import progress_of
from codemods.engine.plan import silent
from codemods.rules.celery import migration
from tests.codemods.plant import plant
from tests.codemods.support import run, tree

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return plant(tmp_path / "project")


def test_nothing_is_shown_where_nobody_watches(project: Path) -> None:
    assert progress_of(quiet=False) is silent
    assert "\r" not in run(project, "--check").stderr


def test_progress_is_shown_on_a_terminal_and_gone_in_the_end(project: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "codemods.celery_to_dep", str(project), "--check"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, check=False)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 1
    assert "\r\x1b[Kreading 0/6" in shown
    assert shown.endswith("\r\x1b[K")
    assert b"\x1b" not in done.stdout


def test_interrupted_plan_changes_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(migration, "judge_modules", interrupt)
    before = tree(project)
    result = run(project)
    assert result.exit_code == 130
    assert result.stderr == "celery-to-dep: interrupted, nothing was changed.\n"
    assert tree(project) == before


def test_interrupt_of_the_report_does_not_deny_what_was_written(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(modes, "_tell_text", interrupt)
    before = tree(project)
    result = run(project)
    assert result.exit_code == 130
    assert "interrupted; the change is in place, --undo takes it back.\n" in result.stderr
    assert "nothing was changed" not in result.stderr
    written = tree(project)
    assert written != before
    assert run(project, "--undo").exit_code == 0
    assert tree(project) == before

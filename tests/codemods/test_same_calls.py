"""A project of bad habits makes the same calls after the codemod, in the same order.

Before, Celery runs its tasks at once; afterwards the immediate backend does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.codemods.support import SHOP, copied, run

HABITS = SHOP.parent / "celery_habits"
ROOT = SHOP.parents[2]
SCENARIOS = ("imports", "arguments", "binding", "canvas", "calls")
TRACER = """\
import importlib
import sys

import django

django.setup()
from habits.celery import app

for name in sys.argv[1:]:
    print("#", name, flush=True)
    importlib.import_module(f"habits.{name}").run()
"""

Traces = dict[str, list[str]]


def python(project: Path, *args: str) -> str:
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "habits.settings"}
    env["PYTHONPATH"] = os.pathsep.join([str(project), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *args], cwd=project, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def traces(project: Path) -> Traces:
    found: Traces = {}
    for line in python(project, "-c", TRACER, *SCENARIOS).splitlines():
        if line.startswith("# "):
            lines = found.setdefault(line[2:], [])
        else:
            lines.append(line)
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = copied(HABITS, tmp_path_factory.mktemp("habits") / "project")
    assert run(project).exit_code == 0
    return project


@pytest.fixture(scope="module")
def before() -> Traces:
    return traces(HABITS)


@pytest.fixture(scope="module")
def after(project: Path) -> Traces:
    return traces(project)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_rewritten_project_makes_the_same_calls(
    scenario: str, before: Traces, after: Traces
) -> None:
    assert before[scenario]
    assert after[scenario] == before[scenario]


def test_checks_of_the_rewritten_project_find_nothing(project: Path) -> None:
    python(project, "-m", "django", "check", "--fail-level", "WARNING")

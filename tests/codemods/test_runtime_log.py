"""A plan that reads what a run has warned of: calls no reading of the code shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.codemods.support import run, write

ROOT = Path(__file__).parents[2]
FILES: dict[str, str | bytes] = {
    "shop/__init__.py": "",
    "shop/settings.py": (
        'INSTALLED_APPS = ["shop"]\n'
        'TASKS = {"default": {"BACKEND": "bridge.ImmediateBackend"}}\n'
        'SECRET_KEY = "x"\n'
        "USE_TZ = True\n"
    ),
    "shop/tasks.py": (
        "from compat.celery.facade import shared_task\n\n\n"
        "@shared_task\ndef send(pk):\n    return pk\n\n\n"
        "@shared_task\ndef clean():\n    return None\n"
    ),
    "shop/views.py": (
        "from shop import tasks\n\n\n"
        "def order(pk):\n    tasks.send.delay(\n        pk,\n    )\n\n\n"
        "def never():\n    tasks.clean.delay()\n\n\n"
        "def chained(pk):\n    return (\n        tasks.send\n        .delay(pk)\n    )\n"
    ),
    "shop/dispatch.py": (
        "from importlib import import_module\n\n\n"
        "def dispatch(module, name, verb, *args):\n"
        "    found = getattr(import_module(module), name)\n"
        "    return getattr(found, verb)(*args)\n"
    ),
    "test_shop.py": (
        "import django\n\n"
        "django.setup()\n\n"
        "from shop.dispatch import dispatch\n"
        "from shop.views import chained, order\n\n\n"
        "def test_order():\n"
        "    order(1)\n    chained(2)\n"
        '    dispatch("shop.tasks", "clean", "delay")\n'
    ),
}
NOISE = """\
=========================== warnings summary ===========================
/elsewhere/site-packages/shop/views.py:5: LegacyCallWarning: CEL201 .delay() of shop.tasks.send: x
  /srv/other/tasks.py:5: LegacyCallWarning: CEL201 .delay() of other.tasks.send: call .enqueue()
shop/views.py:5: DeprecationWarning: CEL201 is no code here
shop/views.py:x: LegacyCallWarning: CEL201 broken
\x00\udce4 LegacyCallWarning
"""


LOGGED = (
    "import logging; logging.basicConfig(format='%(asctime)s %(name)s %(message)s');"
    "logging.captureWarnings(True); import test_shop; test_shop.test_order()"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path / "project", FILES)


def python(project: Path, *args: str) -> str:
    env = os.environ | {"DEP_MIGRATION_WARN": "1", "DJANGO_SETTINGS_MODULE": "shop.settings"}
    env["PYTHONPATH"] = os.pathsep.join([str(project), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *args], cwd=project, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def planned(project: Path, log: Path) -> dict[str, Any]:
    result = run("plan", project, "--runtime-log", log)
    assert result.exit_code == 0, result.output
    values: dict[str, Any] = json.loads(result.stdout)
    return values


def places(values: dict[str, Any]) -> tuple[list[str], list[str]]:
    by_id = {site["id"]: f"{site['path']}:{site['line']}" for site in values["sites"]}
    runtime = values["runtime"]
    seen = [by_id[each] for each in runtime["seen"]]
    return seen, [f"{call['path']}:{call['line']} {call['code']}" for call in runtime["more"]]


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_shop.py"),
        ("-W", "always", "-c", "import test_shop; test_shop.test_order()"),
        (
            "-c",
            LOGGED,
        ),
    ],
    ids=["pytest", "warnings", "logging"],
)
def test_a_run_shows_the_calls_that_the_code_does_not(
    project: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    log = tmp_path / "run.log"
    log.write_text(NOISE + python(project, *command), "utf-8", "replace")

    values = planned(project, log)

    assert places(values) == (
        ["shop/views.py:5", "shop/views.py:16"],
        ["shop/dispatch.py:6 CEL201"],
    )
    (call,) = values["runtime"]["more"]
    assert call["reason"] == "seen at run time: .delay() of shop.tasks.clean: call .enqueue()"


def test_a_log_of_another_machine_names_the_same_files(project: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    what = "LegacyCallWarning: CEL201 .delay() of shop.tasks.send: call .enqueue()"
    log.write_text(f"app_1  | /app/shop/views.py:5: {what}\nC:\\ci\\shop\\dispatch.py:6: {what}\n")

    assert places(planned(project, log)) == (["shop/views.py:5"], ["shop/dispatch.py:6 CEL201"])


def test_markdown_tells_what_was_seen(project: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text(python(project, "-c", "import test_shop; test_shop.test_order()"))

    result = run("plan", project, "--format", "markdown", "--runtime-log", log)

    assert "## Seen at run time" in result.stdout
    assert "- `shop/dispatch.py:6` CEL201 seen at run time: .delay() of" in result.stdout
    assert "2 sites of the plan, and 1 more call that it has no site for" in result.stderr


def test_a_plan_with_a_log_can_be_applied(project: Path, tmp_path: Path) -> None:
    log, output = tmp_path / "run.log", tmp_path / "plan.json"
    log.write_text(python(project, "-c", "import test_shop; test_shop.test_order()"))
    assert run("plan", project, "--runtime-log", log, "-o", output).exit_code == 0

    assert run("apply", "--plan", output).exit_code == 0
    assert "tasks.send.enqueue(" in (project / "shop/views.py").read_text()


def test_a_log_that_is_not_there_is_an_error(project: Path, tmp_path: Path) -> None:
    result = run("plan", project, "--runtime-log", tmp_path / "none.log")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr

"""What huey_to_dep does beside its cases: its examples, a whole project, what people decline."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from codemods.engine.site import Rule
from codemods.huey_to_dep import command
from codemods.rules.huey.registry import RULES
from tests.codemods.support import copied, tree, write

ROOT = Path(__file__).parents[2]
BOARD = ROOT / "fixtures" / "projects" / "huey_board"
TOP = """from datetime import timedelta
from functools import partial
from unittest.mock import patch

from django.db import transaction
from django.test import override_settings
from huey import RetryTask, crontab
from huey.contrib.djhuey import HUEY, db_periodic_task, db_task, on_commit_task, task
"""
TASKS = """
@db_task()
def send(pk, note=""):
    return pk


@db_task()
def fetch(pk) -> int:
    return pk


@db_task()
def store(name, value): ...
"""
EXAMPLES = [rule for rule in RULES if rule.before]
SHOP = {
    "shop/tasks.py": (
        "from huey.contrib.djhuey import db_task\n\n\n@db_task()\ndef one(pk): ...\n\n\n"
        "@db_task()\ndef two(pk): ...\n"
    ),
    "shop/views.py": (
        "from shop.tasks import one, two\n\n\ndef view(pk):\n    one(pk)\n    two(pk, delay=5)\n"
    ),
}


def run(*args: object) -> Result:
    return CliRunner().invoke(command, [str(arg) for arg in args])


def program(rule: Rule) -> dict[str, str]:
    code = rule.before
    files = {"shop/tasks.py": f"{TOP}{TASKS}\n"}
    if code.startswith("INSTALLED_APPS"):
        return {**files, "shop/settings.py": f"{code}\n"}
    if code.startswith("HUEY = "):
        return {**files, "shop/settings.py": f"INSTALLED_APPS = []\n{code}\n"}
    body = code
    if code.startswith("raise"):
        body = f"@task()\ndef again(pk):\n    {code}"
    elif code.startswith(("patch.object", "override_settings")):
        body = f"def test_it():\n    with {code}:\n        pass"
    elif not code.startswith("@"):
        indented = code.replace("\n", "\n    ")
        body = f"def view(order, orders):\n    {indented}"
    if code.startswith(("@", "raise")) and "patch" not in code:
        return {"shop/tasks.py": f"{TOP}\n\n{body}\n"}
    top = f"{TOP}from shop import tasks\nfrom shop.tasks import fetch, send, store\n"
    files["shop/views.py"] = "from shop.tasks import send\n"
    return {**files, "shop/tests/test_shop.py" if "patch" in code else "shop/use.py": top + body}


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.code)
def test_example_comes_out_as_the_rule_says(rule: Rule, tmp_path: Path) -> None:
    write(tmp_path, dict(program(rule)))
    done = run(tmp_path, "--no-todo")
    assert done.exit_code == 0, done.output
    after = b"\n".join(tree(tmp_path).values()).decode()
    words = re.sub(r"\s+", " ", after)
    for line in rule.after.splitlines():
        wanted = line.removesuffix(": ...").removesuffix("}").strip()
        assert re.sub(r"\s+", " ", wanted) in words


def test_a_declined_call_keeps_its_task_on_huey(tmp_path: Path) -> None:
    write(tmp_path, dict(SHOP))
    assert run(tmp_path, "--ignore", "HUE202").exit_code == 0
    after = {name: data.decode() for name, data in tree(tmp_path).items()}
    assert "one.enqueue(pk)\n    two(pk, delay=5)" in after["shop/views.py"]
    assert "@task()\ndef one(pk): ...\n\n\n@db_task()\ndef two(pk)" in after["shop/tasks.py"]


def test_a_later_run_converts_what_was_declined(tmp_path: Path) -> None:
    write(tmp_path, dict(SHOP))
    assert run(tmp_path, "--ignore", "HUE202").exit_code == 0
    assert run(tmp_path).exit_code == 0
    tasks = tree(tmp_path)["shop/tasks.py"].decode()
    assert tasks.startswith("from bridge import task\n")
    assert "huey" not in tasks


def test_schedules_of_an_earlier_run_stay_in_the_file(tmp_path: Path) -> None:
    code = (
        "from huey import crontab\nfrom huey.contrib.djhuey import db_periodic_task\n\n\n"
        '@db_periodic_task(crontab(minute="1"))\ndef {name}(): ...\n'
    )
    write(tmp_path, {"manage.py": "", "shop/one.py": code.format(name="one")})
    assert run(tmp_path).exit_code == 0
    write(tmp_path, {"shop/two.py": code.format(name="two")})
    assert run(tmp_path).exit_code == 0
    listed = tree(tmp_path)["task_schedules.json"].decode()
    assert re.findall(r'"name": "(.*)"', listed) == ["shop.one.one", "shop.two.two"]


def test_a_line_is_explained(tmp_path: Path) -> None:
    write(tmp_path, dict(SHOP))
    done = run(tmp_path, "--explain-site", f"{tmp_path / 'shop/views.py'}:5")
    assert "so it is shop.tasks.one" in done.stdout
    assert "HUE201 rewrite: a call is .enqueue()" in done.stdout


def test_a_project_without_huey_is_told_so(tmp_path: Path) -> None:
    write(tmp_path, {"shop/tasks.py": "from django.tasks import task\n"})
    assert "No Huey found" in run(tmp_path).output


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    project = copied(BOARD, tmp_path_factory.mktemp("board") / "project")
    return project, run(project)


def test_every_task_of_the_board_is_converted(board: tuple[Path, Result]) -> None:
    project, result = board
    assert result.exit_code == 0, result.output
    assert "22 converted, 0 stay." in result.stdout
    code = b"".join(data for name, data in tree(project).items() if name.endswith(".py"))
    assert re.search(rb"\b(db_task|periodic_task|call_local|schedule\()", code) is None


def test_a_second_run_changes_nothing(board: tuple[Path, Result]) -> None:
    project, _ = board
    before = tree(project)
    assert run(project).exit_code == 0
    assert tree(project) == before


def test_a_person_is_asked_for_schedules_and_revoking_only(board: tuple[Path, Result]) -> None:
    _, result = board
    asked = result.stdout.partition("Needs a person")[2].partition("\n\n")[0]
    codes = re.findall(r"HUE\d+", asked)
    assert sorted(codes) == ["HUE107"] * 6 + ["HUE215"]


def run_suite(project: Path) -> int:
    """Run the suite of a board, which fails this test if one of its own fails; count its tests."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    words = [sys.executable, "manage.py", "test", "--settings", "board.settings_test"]
    done = subprocess.run(
        words, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"^Ran (\d+) tests", done.stderr, re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_suite_of_the_board_is_green_before_and_after(
    board: tuple[Path, Result], tmp_path: Path
) -> None:
    pytest.importorskip("huey")
    before = run_suite(copied(BOARD, tmp_path / "before"))
    assert before == run_suite(board[0]) >= 60

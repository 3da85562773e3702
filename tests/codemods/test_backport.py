"""What backport_to_dep does beside its cases: its examples, and what people decline."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from codemods.backport_to_dep import command
from codemods.engine.site import Rule
from codemods.rules.backport.names import MODULES, NAMES
from codemods.rules.backport.registry import RULES
from tests.codemods.support import tree, write

TOP = """import logging
from datetime import timedelta

import django_tasks.exceptions
from django_tasks import ResultStatus, TaskResult, task
from django_tasks.exceptions import ResultDoesNotExist


@task()
def send(pk):
    return pk


def status(pk):
    result = send.enqueue(pk)
    try:
        print(logging, timedelta, ResultStatus, TaskResult, django_tasks.exceptions)
    except ResultDoesNotExist:
        pass
"""
EXAMPLES = [rule for rule in RULES if rule.before]
STATUSES = {
    "shop/compat.py": "from django_tasks import ResultStatus\n",
    "shop/views.py": (
        "from shop.compat import ResultStatus\n\n"
        "def done(result):\n    return result.status == ResultStatus.COMPLETE\n"
    ),
    "shop/other.py": "from django_tasks import task\n",
}


def run(*args: object) -> Result:
    return CliRunner().invoke(command, [str(arg) for arg in args])


def program(code: str) -> str:
    if code.startswith("from"):
        return f"{code}\n"
    if code.startswith("except"):
        return f"{TOP}\n\ntry:\n    pass\n{code}\n    pass\n"
    if code.startswith("def"):
        return f"{TOP}\n\n{code}\n    pass\n"
    if code.startswith("@"):
        return f"{TOP}\n\n{code}\ndef index(pk):\n    return pk\n"
    if code.startswith("result."):
        return f"{TOP}\n    {code}\n"
    return f"{TOP}\n\n{code}\n"


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.code)
def test_example_comes_out_as_the_rule_says(rule: Rule, tmp_path: Path) -> None:
    write(tmp_path, {"shop/example.py": program(rule.before)})
    done = run(tmp_path, "--no-todo")
    assert done.exit_code == 0, done.output
    after = (tmp_path / "shop/example.py").read_text()
    for line in rule.after.splitlines():
        assert line in after


def test_a_declined_file_keeps_the_files_that_hang_on_it(tmp_path: Path) -> None:
    write(tmp_path, dict(STATUSES))
    assert run(tmp_path, "--ignore", "DEP110").exit_code == 0
    after = tree(tmp_path)
    for name in ("shop/compat.py", "shop/views.py"):
        assert after[name].decode() == STATUSES[name]
    assert after["shop/other.py"] == b"from django.tasks import task\n"


def test_a_line_is_explained(tmp_path: Path) -> None:
    write(tmp_path, dict(STATUSES))
    done = run(tmp_path, "--explain-site", f"{tmp_path / 'shop/views.py'}:4")
    assert "so it is django_tasks.ResultStatus.COMPLETE" in done.stdout
    assert "DEP110 rewrite: COMPLETE is SUCCESSFUL" in done.stdout


def test_every_new_name_is_there_in_django() -> None:
    pytest.importorskip("django.tasks")
    for path in sorted({*NAMES.values(), *MODULES.values()}):
        module, _, name = path.rpartition(".")
        if path in MODULES.values():
            importlib.import_module(path)
        else:
            assert hasattr(importlib.import_module(module), name), path


def test_a_project_without_the_backport_is_told_so(tmp_path: Path) -> None:
    write(tmp_path, {"shop/tasks.py": "from django.tasks import task\n"})
    assert "No django_tasks found" in run(tmp_path).output

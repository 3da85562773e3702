"""The examples `--explain` prints are what the codemod does."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from codemods.engine.plan import Request
from codemods.engine.site import Rule
from codemods.rules.celery.codemod import CeleryMigration
from codemods.rules.celery.registry import RULES
from tests.codemods.support import run, write

# The tasks that examples may name.
NAMES = ("send", "send_receipt", "log", "count", "total", "fetch", "parse", "notify", "resize")
TASKS = "from celery import chain, chord, group, shared_task\n\n" + "".join(
    f"\n\n@shared_task\ndef {name}(pk, deep=None):\n    return pk\n" for name in NAMES
)
IMPORTS = f"""from functools import partial
from unittest.mock import patch

from celery import chain, chord, group, shared_task
from django.db import transaction

from shop.tasks import {", ".join(NAMES)}


"""
SETTINGS = "CEL5"
# A task that is stored needs no edit there; the call that it gets to is what is rewritten.
REPORTED_AS = {"CEL209": "CEL201"}
EXAMPLES = [rule for rule in RULES if rule.before and not rule.code.startswith(SETTINGS)]


def program(snippet: str) -> str:
    """Return a module with the code of an example."""
    if snippet.startswith("@shared_task"):
        return f"from celery import shared_task\n\n\n{snippet}\n"
    if snippet.startswith("@"):
        return f"{IMPORTS}{snippet}\n"
    lines = snippet.splitlines()
    constants = [line for line in lines if re.match("[A-Z_]+ = ", line)]
    body = textwrap.indent("\n".join(line for line in lines if line not in constants), "    ")
    top = "".join(f"{line}\n\n\n" for line in constants)
    return f"{IMPORTS}{top}def example(order, ids, pk, trace, kind):\n{body}\n"


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.code)
def test_example_comes_out_as_the_rule_says(rule: Rule, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "shop/settings.py": 'INSTALLED_APPS = ["shop"]\n',
        "shop/celery.py": 'from celery import Celery\n\napp = Celery("shop")\n',
        "shop/tasks.py": TASKS,
        "shop/example.py": program(rule.before),
    }
    write(tmp_path, files)
    sites = CeleryMigration().plan(Request(paths=(tmp_path,))).sites
    codes = {site.code for site in sites if site.path.endswith("example.py")}
    assert REPORTED_AS.get(rule.code, rule.code) in codes

    assert run(tmp_path, "--no-todo").exit_code == 0
    after = (tmp_path / "shop/example.py").read_text()
    for part in parts(rule.after):
        assert squeezed(part) in squeezed(after), after


def parts(code: str) -> list[str]:
    """Return a constant and what follows it apart: a function begins between them."""
    return code.split("\n", 1) if re.match("[A-Z_]+ = ", code) else [code]


def squeezed(code: str) -> str:
    """Return code without the whitespace that its place in a file decides."""
    return "".join(code.split()).replace(",)", ")")


def test_explain_shows_the_example() -> None:
    rule = next(rule for rule in EXAMPLES if rule.code == "CEL201")
    lines = run("--explain", "CEL201").stdout.splitlines()
    assert lines[lines.index("Before:") + 2].strip() == rule.before
    assert lines[lines.index("After:") + 2].strip() == rule.after

"""A small project for tests of the command line: two apps, one task that cannot be converted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.codemods.support import run, write

GREET = """from celery import shared_task


@shared_task
def greet(pk):
    return pk


@shared_task(queue="bills", time_limit=30)
def bill(pk):
    greet.delay(pk)
"""
PRUNE = """from celery import shared_task


@shared_task(**dict([("name", "prune")]))
def prune():
    return 1
"""
VIEWS = """from shop.tasks import bill, greet
from stock.tasks import prune


def view(request):
    greet.delay(1)
    bill.delay(2)
    prune.delay()
"""
TESTS = """from unittest.mock import patch

from stock.tasks import prune


@patch("shop.tasks.greet.delay")
def test_view(delay):
    prune.delay()
"""
FILES: dict[str, str | bytes] = {
    "shop/tasks.py": GREET,
    "shop/views.py": VIEWS,
    "shop/tests/test_views.py": TESTS,
    "shop/settings.py": 'INSTALLED_APPS = ["shop"]\n',
    "shop/celery.py": 'from celery import Celery\n\napp = Celery("shop")\n',
    "stock/tasks.py": PRUNE,
}


def plant(root: Path) -> Path:
    """Write the project below a directory and return it."""
    return write(root, FILES)


@contextmanager
def inside(root: Path) -> Iterator[None]:
    """Work in a directory, as people do."""
    before = Path.cwd()
    os.chdir(root)
    try:
        yield
    finally:
        os.chdir(before)


def made(*args: object) -> dict[str, Any]:
    """Return the document the plan command prints."""
    result = run("plan", "-q", *args)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def site(document: dict[str, Any], path: str, code: str, task: str = "") -> dict[str, Any]:
    """Return the one site of this code in a file."""
    found = [
        site
        for site in document["sites"]
        if site["path"] == path and site["code"] == code and task in " ".join(site["tasks"])
    ]
    assert len(found) == 1, found
    one: dict[str, Any] = found[0]
    return one

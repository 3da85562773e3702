"""The examples on the page about testing are a project, whose tests pass with pytest and without."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "testing.md"
EXAMPLE = re.compile(r"^```python\n# (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)

SETTINGS = """
SECRET_KEY = "example"
USE_TZ = True
INSTALLED_APPS = ["bridge", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
TASKS = {"default": {"BACKEND": "bridge.DatabaseBackend"}}
"""
MODELS = """
from django.db import models


class Receipt(models.Model):
    order_id = models.IntegerField()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "shop" / "tests").mkdir(parents=True)
    files = {"shop/settings.py": SETTINGS, "shop/models.py": MODELS}
    files |= {"shop/__init__.py": "", "shop/tests/__init__.py": ""}
    files |= dict(EXAMPLE.findall(PAGE.read_text()))
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:shop", "-m", *command],
        cwd=project,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_examples_pass_with_pytest(project: Path) -> None:
    ended = run(project, "pytest", "-q", "-p", "no:cacheprovider")

    assert re.search(r"^13 passed", ended.stdout, re.MULTILINE), ended.stdout + ended.stderr


def test_examples_pass_with_djangos_runner(project: Path) -> None:
    ended = run(project, "django", "test", "shop.tests")

    assert re.search(r"^Ran 8 tests", ended.stderr, re.MULTILINE), ended.stderr
    assert ended.returncode == 0, ended.stderr


def test_message_on_the_page_is_the_message(project: Path) -> None:
    (project / "shop/tests/test_message.py").write_text(
        "from bridge.testing import TaskTestCase\n"
        "from shop.checkout import check_out\n"
        "from shop.tasks import send_receipt\n"
        "class Tests(TaskTestCase):\n"
        "    def test(self):\n"
        "        with self.captureOnCommitCallbacks():\n"
        "            send_receipt.enqueue(7, copy_to='sales@example.com')\n"
        "        self.assert_enqueued(send_receipt, args=[8])\n"
    )
    (shown,) = re.findall(
        r"^    (AssertionError: .*?\n)\n", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )

    ended = run(project, "django", "test", "shop.tests.test_message")

    assert re.sub(r"^    ", "", shown, flags=re.MULTILINE) in ended.stderr


def test_every_name_of_the_package_is_on_the_page() -> None:
    import bridge.testing

    text = PAGE.read_text()
    assert [name for name in bridge.testing.__all__ if name not in text] == ["CapturedTasks"]

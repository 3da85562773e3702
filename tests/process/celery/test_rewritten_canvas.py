"""What the codemod makes of canvases does what Celery's workers did: same calls, same order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.codemods.support import run as codemod
from tests.process.project import ROOT, Process, wait_for

pytestmark = pytest.mark.process

FILES = {
    "shop/__init__.py": "from .celery import app\n",
    "shop/celery.py": """\
from celery import Celery

app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["shop"])
""",
    "shop/tasks.py": """\
import os

from celery import shared_task


def record(*words):
    with open(os.environ["SHOP_LOG"], "a") as log:
        log.write(" ".join(map(str, words)) + "\\n")


@shared_task
def add(a, b=10):
    record("add", a, b)
    return a + b


@shared_task
def double(value, times=1):
    record("double", value, times)
    return value * 2**times


@shared_task
def note(*args, **kwargs):
    record("note", *args, *sorted(kwargs.items()))


@shared_task
def broken(value):
    record("broken", value)
    raise LookupError(value)


@shared_task
def failed(task_id):
    record("failed", len(task_id))
""",
    "shop/start.py": """\
from celery import chain, group

from shop.tasks import add, broken, double, failed, note


def chained():
    chain(add.s(1), double.s(times=2), note.s("end", why="done")).delay()


def piped():
    (add.s(b=1) | note.si("alone").set(countdown=1) | note.s("last")).apply_async((5,))


def stopped():
    chain(add.s(2), broken.s(), note.s("never")).apply_async(link_error=None)


def grouped():
    group(note.s(n, n=n) for n in range(3)).delay()


def linked():
    add.apply_async((3,), link=[note.s("linked"), note.si("apart")])
    broken.apply_async((0,), link_error=failed.s())
""",
}
EXPECTED = {
    "chained": ["add 1 10", "double 11 2", "note 44 end ('why', 'done')"],
    "piped": ["add 5 1", "note alone", "note None last"],
    "stopped": ["add 2 10", "broken 12"],
    "grouped": ["note 0 ('n', 0)", "note 1 ('n', 1)", "note 2 ('n', 2)"],
    "linked": ["add 3 10", "broken 0", "failed 36", "note 13 linked", "note apart"],
}
ORDERED = {"chained", "piped", "stopped"}
OLD = "from tests.process.celery.common import *\n"
NEW = OLD + (
    'INSTALLED_APPS = [*INSTALLED_APPS, "bridge"]\n'
    'TASKS = {"default": {"BACKEND": "bridge.%s", "QUEUES": []%s}}\n'
)
APP = ', "OPTIONS": {"APP": "shop.celery.app"}'


class Shop:
    """The project in a folder, with one worker."""

    def __init__(self, folder: Path, settings: str, rewritten: bool) -> None:
        self.folder = folder / "project"
        for name, text in FILES.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        if rewritten:
            result = codemod(self.folder)
            assert result.exit_code == 0, result.output
            assert "celery" not in (self.folder / "shop/start.py").read_text()
        (self.folder / "shop/settings.py").write_text(settings)
        self.log = folder / "log"
        self.log.touch()
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(ROOT)]),
            "PLANT_DB": str(folder / "shop.sqlite3"),
            "PLANT_FOLDER": str(folder),
            "PLANT_BROKER": "filesystem://",
            "PLANT_RESULTS": f"file://{folder}/results",
            "SHOP_LOG": str(self.log),
        }

    def python(self, *arguments: str) -> None:
        """Run Python to its end."""
        subprocess.run(
            [sys.executable, *arguments], env=self.environment, cwd=self.folder, check=True
        )

    def worker(self, *arguments: str) -> Process:
        """Start a worker."""
        return Process(
            [sys.executable, "-m", *arguments],
            self.environment,
            self.folder.parent / "worker.log",
            self.folder,
        )

    def calls(self) -> list[str]:
        """Return what ran."""
        return self.log.read_text().splitlines()


@pytest.fixture(params=["celery", "rewritten for CeleryBackend", "rewritten for DatabaseBackend"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "results").mkdir()
    celery = ["celery", "-A", "shop", "worker", "-l", "INFO", "-P", "solo"]
    if request.param == "celery":
        shop = Shop(tmp_path, OLD, rewritten=False)
    elif "Celery" in request.param:
        shop = Shop(tmp_path, NEW % ("CeleryBackend", APP), rewritten=True)
    else:
        shop = Shop(tmp_path, NEW % ("DatabaseBackend", ""), rewritten=True)
    shop.python("-m", "django", "migrate", "--run-syncdb", "-v", "0")
    database = "Database" in request.param
    worker = shop.worker(*(["django", "db_worker", "--interval", "0.1"] if database else celery))
    yield shop
    worker.kill_all()


def test_rewritten_canvases_make_the_same_calls(shop: Shop) -> None:
    for name, expected in EXPECTED.items():
        shop.log.write_text("")
        shop.python("-c", f"import django; django.setup()\nfrom shop import start; start.{name}()")

        wait_for(lambda e=expected: len(shop.calls()) >= len(e), f"{name}: {expected}")

        assert (shop.calls() if name in ORDERED else sorted(shop.calls())) == expected

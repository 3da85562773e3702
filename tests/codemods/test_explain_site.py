"""--explain-site: how the names of a line are understood, and what is decided there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.codemods.plant import inside, plant
from tests.codemods.support import run, tree, write


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    root = plant(tmp_path / "project")
    files: dict[str, str | bytes] = {
        "shop/app_tasks.py": "from shop.celery import app as celery_app\n\n\n"
        "@celery_app.task(queue='x')\ndef ship():\n    pass\n",
        "shop/api.py": "from .app_tasks import ship as send_off\n\nsend_parcel = send_off\n",
        "shop/orders.py": "from shop.api import send_parcel\n\n\ndef order():\n"
        "    send_parcel.delay()\n",
    }
    write(root, files)
    with inside(root):
        yield root


def explained(place: str) -> list[str]:
    result = run("--explain-site", place)
    assert result.exit_code == 0, result.output
    return [line.strip() for line in result.stdout.splitlines()]


def in_order(lines: list[str], *wanted: str) -> bool:
    rest = iter(lines)
    return all(any(line == one for line in rest) for one in wanted)


def test_a_call_is_followed_to_the_app(project: Path) -> None:
    before = tree(project)
    lines = explained("shop/orders.py:5")
    assert in_order(
        lines,
        "shop/orders.py:5  send_parcel.delay()",
        "send_parcel is imported at shop/orders.py:1: shop.api.send_parcel",
        "send_parcel is another name for send_off, shop/api.py:3",
        "send_off is imported at shop/api.py:1: shop.app_tasks.ship",
        "ship is a function, shop/app_tasks.py:5",
        "so it is shop.app_tasks.ship.delay",
        "shop.app_tasks.ship is a Celery task: @celery_app.task at shop/app_tasks.py:5",
        "celery_app is imported at shop/app_tasks.py:1: shop.celery.app",
        'app is assigned Celery("shop"), shop/celery.py:3',
        "it is converted",
        "Decided here",
        "CEL201 rewrite: .delay() is .enqueue()",
    ), lines
    assert tree(project) == before


def test_a_call_that_stays_says_why_and_where(project: Path) -> None:
    lines = explained("shop/views.py:8")
    assert any(line.startswith("it stays on Celery because of stock/tasks.py:") for line in lines)
    assert "CEL201 stays as it is (its task stays): .delay() is .enqueue()" in lines


def test_a_definition_and_a_mock_can_be_asked_for(project: Path) -> None:
    lines = explained("shop/tasks.py:4")
    assert "greet is defined here" in lines
    assert "CEL101 rewrite: task definition" in lines
    lines = explained("shop/tests/test_views.py:6")
    assert '"shop.tasks.greet.delay" names shop.tasks.greet' in lines


def test_what_was_declined_says_so(project: Path) -> None:
    result = run("--explain-site", "shop/tasks.py:9", "--ignore", "CEL306")
    assert "CEL306 stays as it is (declined): time_limit= is hard_timeout=" in result.stdout


def test_a_line_nothing_is_decided_on(project: Path) -> None:
    assert explained("shop/views.py:5")[-1].startswith("nothing")


def test_a_name_that_cannot_be_told(project: Path) -> None:
    write(project, {"shop/late.py": "def late(task):\n    task.delay()\n"})
    lines = explained("shop/late.py:2")
    assert "task is a parameter: what arrives there is not known, shop/late.py:1" in lines
    assert "so it cannot be told" in lines


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("shop/views.py", "--explain-site takes FILE:LINE, not 'shop/views.py'."),
        ("shop/nowhere.py:3", "'shop/nowhere.py' is no file."),
        ("shop/views.py:999", "shop/views.py has 8 lines; there is no line 999."),
        ("../outside.py:1", "'../outside.py' is not among the files read"),
    ],
)
def test_place_that_is_none(project: Path, place: str, message: str) -> None:
    write(project.parent, {"outside.py": "x = 1\n"})
    result = run("--explain-site", place)
    assert result.exit_code == 2
    assert message in result.stderr

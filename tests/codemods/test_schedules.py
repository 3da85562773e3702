"""The file of schedules: what it says, and whose file it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.codemods.support import run, write

TASKS = "from celery import shared_task\n\n\n@shared_task\ndef send():\n    pass\n"


def project(root: Path, schedule: str) -> Path:
    settings = (
        "from datetime import timedelta\n"
        "from celery.schedules import crontab\n"
        'INSTALLED_APPS = ["shop"]\n'
        f'CELERY_BEAT_SCHEDULE = {{"x": {{"task": "shop.tasks.send", "schedule": {schedule}}}}}\n'
    )
    return write(root, {"shop/settings.py": settings, "shop/tasks.py": TASKS, "manage.py": ""})


def listed(root: Path) -> dict[str, object]:
    data = json.loads((root / "task_schedules.json").read_bytes())
    (entry,) = data["schedules"]
    assert isinstance(entry, dict)
    return entry


@pytest.mark.parametrize(
    ("schedule", "cron"),
    [
        ("crontab()", "* * * * *"),
        ("crontab(0, 4)", "0 4 * * *"),
        ("crontab(minute=5, hour=[1, 13], day_of_week='mon-fri')", "5 1,13 * * mon-fri"),
        ("crontab(0, 0, day_of_month='1-7, 15', month_of_year='*/3')", "0 0 1-7,15 */3 *"),
        ("crontab('0', '12', '0')", "0 12 * * 0"),
    ],
)
def test_crontab_is_in_the_order_of_a_crontab_file(
    tmp_path: Path, schedule: str, cron: str
) -> None:
    run(project(tmp_path, schedule))
    assert listed(tmp_path)["cron"] == cron


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [("60", 60), ("2.5", 2.5), ("60 * 60 * 24", 86400), ("timedelta(days=1, minutes=1)", 86460)],
)
def test_interval_is_in_seconds(tmp_path: Path, schedule: str, seconds: float) -> None:
    run(project(tmp_path, schedule))
    assert listed(tmp_path)["seconds"] == seconds


@pytest.mark.parametrize(
    "schedule", ["get()", "crontab(**WHEN)", "crontab(nowfun=now)", "timedelta(days=DAYS)", "1 / 0"]
)
def test_what_cannot_be_read_is_listed_with_its_source(tmp_path: Path, schedule: str) -> None:
    result = run(project(tmp_path, schedule))
    entry = listed(tmp_path)
    assert entry["task"] == "shop.tasks.send"
    assert entry["unread"]["schedule"]["source"] == schedule  # type: ignore[index]
    assert "cannot be read" in result.output


def test_a_file_of_somebody_else_is_left_alone_and_reported(tmp_path: Path) -> None:
    project(tmp_path, "60")
    write(tmp_path, {"task_schedules.json": '{"mine": true}'})
    result = run(tmp_path)
    assert json.loads((tmp_path / "task_schedules.json").read_text()) == {"mine": True}
    assert "task_schedules.json:1  CEL505" in result.output


def test_the_file_follows_the_code_while_tasks_are_left_to_convert(tmp_path: Path) -> None:
    run(project(tmp_path, "60"))
    project(tmp_path, "120")
    run(tmp_path)
    assert listed(tmp_path)["seconds"] == 120

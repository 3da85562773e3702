"""--select and --ignore: what is declined stays whole, with the tasks it concerns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codemods.plant import inside, made, plant, site
from tests.codemods.support import run, tree, write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return plant(tmp_path / "project")


def test_ignored_option_keeps_its_task(project: Path) -> None:
    result = run(project, "--ignore", "cel306")
    assert result.exit_code == 0
    tasks, views = (project / "shop/tasks.py").read_text(), (project / "shop/views.py").read_text()
    assert '@shared_task(queue="bills", time_limit=30)\ndef bill' in tasks
    assert "@task()\ndef greet" in tasks
    assert "greet.enqueue(1)\n    bill.delay(2)" in views


def test_codes_may_be_beginnings_and_lists(project: Path) -> None:
    with inside(project):
        checked = run("--check", "--ignore", "CEL5,CEL306", "-q").stdout
    assert "CEL5" not in checked
    assert "CEL306" not in checked
    assert "shop/views.py:6: CEL201" in checked
    assert "shop/views.py:7: CEL201" not in checked


def test_selected_codes_convert_the_tasks_that_need_no_others(project: Path) -> None:
    run(project, "--select", "CEL1,CEL2,CEL6")
    tasks = (project / "shop/tasks.py").read_text()
    assert "@task()\ndef greet" in tasks
    assert "time_limit=30)\ndef bill" in tasks
    assert (project / "shop/settings.py").read_text() == 'INSTALLED_APPS = ["shop"]\n'


def test_a_task_whose_definition_is_not_selected_stays(project: Path) -> None:
    before = tree(project)
    result = run(project, "--select", "CEL2", "--no-todo")
    assert result.exit_code == 0
    after = {path: data for path, data in tree(project).items() if path in before}
    assert after == before
    assert "0 converted, 3 stay" in result.stdout


def test_declined_sites_are_in_the_plan_as_staying(project: Path) -> None:
    with inside(project):
        document = made("--ignore", "CEL306")
    assert site(document, "shop/tasks.py", "CEL306")["stays"]
    assert site(document, "shop/views.py", "CEL201", "bill")["stays"]
    fate = next(task for task in document["tasks"] if task["key"] == "shop.tasks.bill")
    assert not fate["converted"]
    assert fate["reason"] == "declined: time_limit= is hard_timeout="


def test_no_comment_is_left_for_what_a_person_declined(project: Path) -> None:
    run(project, "--ignore", "CEL")
    assert "TODO" not in "".join(data.decode() for data in tree(project).values())


def test_code_that_no_rule_has(project: Path) -> None:
    result = run(project, "--select", "CEL9")
    assert result.exit_code == 2
    assert "No rule has a code that begins with 'CEL9'. See --list-rules." in result.stderr


ALIASED = """from pathlib import Path

BASE_DIR = Path(__file__).parent.parent
INSTALLED_APPS = ["shop"]
"""


@pytest.mark.parametrize("code", ["CEL501", "CEL504"])
def test_aliases_file_and_the_setting_that_names_it_go_together(project: Path, code: str) -> None:
    tasks = (project / "shop/tasks.py").read_text()
    tasks = tasks.replace("time_limit=30", 'name="billing"')
    write(project, {"shop/settings.py": ALIASED, "shop/tasks.py": tasks})
    with inside(project):
        assert run("-q", "--ignore", code).exit_code == 0
    assert not (project / "task_aliases.toml").exists()
    assert "ALIASES" not in (project / "shop/settings.py").read_text()
    assert '@task(queue_name="bills")' in (project / "shop/tasks.py").read_text()

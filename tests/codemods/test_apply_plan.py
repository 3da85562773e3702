"""apply --plan: exactly what was reviewed, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.codemods.plant import inside, plant, site
from tests.codemods.support import copied, run, tree

PLAN = Path("plan.json")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    root = plant(tmp_path / "project")
    with inside(root):
        assert run("plan", "-o", PLAN, "-q").exit_code == 0
        yield root


def code(root: Path) -> dict[str, bytes]:
    return {path: data for path, data in tree(root).items() if path.endswith((".py", ".toml"))}


def edit(change: Any) -> None:
    document = json.loads(PLAN.read_text())
    change(document)
    PLAN.write_text(json.dumps(document))


def skip(path: str, code: str, task: str) -> None:
    edit(lambda document: site(document, path, code, task).update(decision="skip"))


def test_the_whole_plan_is_what_applying_at_once_does(project: Path, tmp_path: Path) -> None:
    other = copied(project, tmp_path / "other")
    assert run("apply", "--plan", PLAN).exit_code == 0
    with inside(other):
        assert run("-q").exit_code == 0
    assert code(project) == code(other)
    assert b"greet.enqueue(1)" in code(project)["shop/views.py"]


def test_skipped_call_keeps_its_task_everywhere(project: Path) -> None:
    skip("shop/views.py", "CEL201", "bill")
    result = run("apply", "--plan", PLAN)
    assert result.exit_code == 0, result.output
    assert "1 of them because you declined a site" in result.stdout
    tasks, views = (project / "shop/tasks.py").read_text(), (project / "shop/views.py").read_text()
    assert '@shared_task(queue="bills", time_limit=30)\ndef bill' in tasks
    assert "@task()\ndef greet" in tasks
    assert "greet.enqueue(1)\n    bill.delay(2)" in views
    assert "TODO" not in views


def test_skipped_setting_only_loses_its_edit(project: Path) -> None:
    skip("shop/settings.py", "CEL502", "")
    assert run("apply", "--plan", PLAN).exit_code == 0
    settings = (project / "shop/settings.py").read_text()
    assert 'INSTALLED_APPS = ["shop"]' in settings
    assert "TASKS" in settings
    assert "@task()\ndef greet" in (project / "shop/tasks.py").read_text()


def test_drift_refuses_everything(project: Path) -> None:
    views = project / "shop/views.py"
    views.write_text(views.read_text() + "\n\nx = 1\n")
    before = code(project)
    result = run("apply", "--plan", PLAN)
    assert result.exit_code == 2
    assert "1 file changed since plan.json was made, so nothing was applied:" in result.stderr
    assert "  shop/views.py\n" in result.stderr
    assert code(project) == before


def test_file_that_went_refuses_everything(project: Path) -> None:
    (project / "shop/views.py").unlink()
    result = run("apply", "--plan", PLAN)
    assert result.exit_code == 2
    assert "  shop/views.py (is not there)\n" in result.stderr


def test_plan_of_another_directory_can_be_applied_from_here(tmp_path: Path) -> None:
    root = plant(tmp_path / "elsewhere")
    output = tmp_path / "plan.json"
    assert run("plan", root, "-o", output).exit_code == 0
    assert run("apply", "--plan", output).exit_code == 0
    assert "greet.enqueue(1)" in (root / "shop/views.py").read_text()


def test_new_call_in_a_new_file_refuses_everything(project: Path) -> None:
    new = "from shop.tasks import greet\n\ngreet.delay(3)\n"
    (project / "shop/later.py").write_text(new)
    before = code(project)
    result = run("apply", "--plan", PLAN)
    assert result.exit_code == 2
    assert "  new: shop/later.py:3 CEL201 .delay() is .enqueue()" in result.stderr
    assert code(project) == before


def test_edited_kind_is_not_what_would_happen(project: Path) -> None:
    edit(lambda d: site(d, "shop/views.py", "CEL201", "bill").update(kind="person"))
    result = run("apply", "--plan", PLAN)
    assert result.exit_code == 2
    assert "what would happen now is not what plan.json says" in result.stderr


def test_other_outcome_of_the_same_sites_is_refused(project: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        file = next(one for one in document["files"] if one["path"] == "shop/views.py")
        file["after"] = "0" * 64

    edit(change)
    result = run("apply", "--plan", PLAN)
    assert result.exit_code == 2
    assert "\n  shop/views.py\n" in result.stderr


def test_check_and_diff_of_a_plan_write_nothing(project: Path) -> None:
    skip("shop/views.py", "CEL201", "bill")
    before = code(project)
    checked = run("apply", "--plan", PLAN, "--check")
    assert checked.exit_code == 1
    assert "shop/views.py:6: CEL201 rewrite" in checked.stdout
    assert "shop/views.py:7" not in checked.stdout
    assert "-    greet.delay(1)\n+    greet.enqueue(1)" in run("--plan", PLAN, "--diff").stdout
    assert code(project) == before


def test_plan_is_applied_with_the_options_it_was_made_with(project: Path) -> None:
    assert run("plan", "-o", PLAN, "-q", "--no-todo", "--exclude", "*/tests").exit_code == 0
    assert run("apply", "--plan", PLAN).exit_code == 0
    assert "TODO" not in (project / "stock/tasks.py").read_text()
    assert "greet.delay" in (project / "shop/tests/test_views.py").read_text()


@pytest.mark.parametrize("extra", [["shop"], ["--ignore", "CEL5"], ["--broker", "amqp"]])
def test_other_options_beside_a_plan_are_refused(project: Path, extra: list[str]) -> None:
    result = run("apply", "--plan", PLAN, *extra)
    assert result.exit_code == 2
    assert "--plan says which paths and options" in result.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "is no plan"),
        ('{"schema": 9, "tool": "celery-to-dep"}', "is schema 9 of 'celery-to-dep'"),
        ('{"schema": 1, "tool": "huey-to-dep"}', "is schema 1 of 'huey-to-dep'"),
        ('{"schema": 1, "tool": "celery-to-dep"}', "is no plan: KeyError('request')"),
    ],
)
def test_what_is_no_plan_is_refused(project: Path, content: str, message: str) -> None:
    PLAN.write_text(content)
    result = run("apply", "--plan", PLAN)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_decision_that_is_none(project: Path) -> None:
    edit(lambda d: site(d, "shop/views.py", "CEL201", "bill").update(decision="no"))
    result = run("apply", "--plan", PLAN)
    assert result.exit_code == 2
    assert 'the decision for shop/views.py:7 is \'no\'. Write "apply" or "skip".' in result.stderr


def test_missing_plan_file(project: Path) -> None:
    result = run("apply", "--plan", "nowhere.json")
    assert result.exit_code == 2
    assert "nowhere.json cannot be read" in result.stderr

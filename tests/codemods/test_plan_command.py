"""The plan command: everything that would happen, as data and for people."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.codemods.plant import inside, made, plant, site
from tests.codemods.support import run, tree, write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return plant(tmp_path / "project")


def test_a_plan_writes_nothing_but_its_file(project: Path, tmp_path: Path) -> None:
    before = tree(project)
    output = tmp_path / "plan.json"
    result = run("plan", project, "-o", output)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "3 Celery tasks: 2 converted, 1 stay" in result.stderr
    assert "Readiness: (4·" in result.stderr
    assert tree(project) == before
    assert json.loads(output.read_text())["schema"] == 1


def test_sites_say_where_what_why_and_whom(project: Path) -> None:
    with inside(project):
        document = made()
    call = site(document, "shop/views.py", "CEL201", "greet")
    assert (call["line"], call["column"], call["kind"]) == (6, 5, "rewrite")
    assert (call["app"], call["queue"], call["test"]) == ("shop", "default", False)
    assert (call["tasks"], call["stays"]) == (["shop.tasks.greet"], False)
    assert call["decision"] == "apply"
    assert site(document, "shop/tasks.py", "CEL306")["queue"] == "bills"
    mock = site(document, "shop/tests/test_views.py", "CEL601")
    assert (mock["test"], mock["app"]) == (True, "shop")


def test_what_stays_with_its_task_is_in_the_plan_too(project: Path) -> None:
    with inside(project):
        document = made()
    call = site(document, "shop/views.py", "CEL201", "prune")
    assert (call["kind"], call["stays"]) == ("rewrite", True)
    blocked = [one for one in document["sites"] if one["blocks"]]
    assert [(one["path"], one["tasks"]) for one in blocked] == [
        ("stock/tasks.py", ["stock.tasks.prune"])
    ]
    fate = next(task for task in document["tasks"] if not task["converted"])
    assert fate["key"] == "stock.tasks.prune"
    assert fate["cause"] == blocked[0]["id"]
    assert fate["cause_place"] == f"stock/tasks.py:{blocked[0]['line']}"
    assert fate["reason"] == blocked[0]["reason"]


def test_every_file_involved_has_its_hashes(project: Path) -> None:
    with inside(project):
        document = made()
        files = {file["path"]: file for file in document["files"]}
        for path, file in files.items():
            assert file["before"] == hashlib.sha256(Path(path).read_bytes()).hexdigest()
        assert files["shop/celery.py"]["before"] == files["shop/celery.py"]["after"]
        assert run("-q").exit_code == 0
        for path, file in files.items():
            assert file["after"] == hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_a_file_to_create_has_no_hash_before(project: Path) -> None:
    settings = "from pathlib import Path\n\nBASE_DIR = Path(__file__).parent.parent\n"
    write(project, {"shop/settings.py": f'{settings}INSTALLED_APPS = ["shop"]\n'})
    tasks = (project / "shop/tasks.py").read_text()
    write(project, {"shop/tasks.py": tasks.replace("time_limit=30", 'name="billing"')})
    with inside(project):
        files = {file["path"]: file for file in made()["files"]}
    assert files["task_aliases.toml"]["before"] is None
    assert files["task_aliases.toml"]["after"]


def test_decisions_are_kept_when_the_plan_is_made_again(project: Path) -> None:
    with inside(project):
        run("plan", "-o", "plan.json")
        document = json.loads(Path("plan.json").read_text())
        chosen = site(document, "shop/views.py", "CEL201", "bill")
        chosen["decision"] = "skip"
        Path("plan.json").write_text(json.dumps(document))
        views = Path("shop/views.py")
        views.write_text("import os\n\n" + views.read_text())
        assert run("plan", "-o", "plan.json").exit_code == 0
        again = json.loads(Path("plan.json").read_text())
    skipped = [one for one in again["sites"] if one["decision"] == "skip"]
    assert [(one["id"], one["line"]) for one in skipped] == [(chosen["id"], chosen["line"] + 2)]


def test_another_file_is_not_overwritten(project: Path) -> None:
    with inside(project):
        result = run("plan", "-o", "shop/views.py")
        assert result.exit_code == 2
        assert "shop/views.py is there and is no plan. Give -o another name." in result.stderr


def test_markdown_says_the_same_to_people(project: Path) -> None:
    with inside(project):
        result = run("plan", "-o", "plan.md")
        document = made()
        text = Path("plan.md").read_text()
    assert result.exit_code == 0
    assert text.startswith("# Celery to django.tasks\n\n3 Celery tasks: 2 converted")
    assert f"| all | {document['readiness']['all']['score']} % |" in text
    assert document["readiness"]["all"]["arithmetic"] in text
    assert "| app `stock` |" in text
    assert "| queue `bills` |" in text
    assert "1 file blocks 100 % of the rest." in text
    assert "| `stock/tasks.py` | 1 |" in text
    fate = next(task for task in document["tasks"] if not task["converted"])
    assert f"| `stock.tasks.prune` | `{fate['cause_place']}` | {fate['reason']} |" in text


def test_project_without_celery(tmp_path: Path) -> None:
    write(tmp_path, {"views.py": "x = 1\n"})
    document = made(tmp_path)
    assert (document["sites"], document["tasks"]) == ([], [])
    assert document["readiness"]["all"]["score"] == 100.0


def test_file_that_cannot_be_read_is_a_problem_of_the_plan(project: Path) -> None:
    write(project, {"shop/broken.py": "from celery import (\n"})
    result = run("plan", project, "-q")
    assert result.exit_code == 2
    assert [one["path"] for one in json.loads(result.stdout)["problems"]] == ["shop/broken.py"]
    assert "shop/broken.py:1: error: cannot be parsed" in result.stderr


def test_directory_called_plan_can_be_reached(tmp_path: Path) -> None:
    plant(tmp_path / "plan")
    with inside(tmp_path):
        assert run("./plan").exit_code == 0
    assert "@task()" in (tmp_path / "plan/shop/tasks.py").read_text()


def test_plan_beside_a_directory_called_plan_says_what_is_meant(tmp_path: Path) -> None:
    plant(tmp_path / "plan")
    with inside(tmp_path):
        result = run("plan", "--format", "json")
    assert result.stderr.startswith("Planning for this directory; the directory plan alone is ./p")
    assert json.loads(result.stdout)["request"]["paths"] == ["."]

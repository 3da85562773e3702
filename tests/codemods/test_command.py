"""The command line: exit codes, messages, and what goes to which stream."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from codemods.rules.celery.registry import RULES
from tests.codemods.support import run, tree, write

TASK = "from celery import shared_task\n\n\n@shared_task\ndef send(pk):\n    send.delay(pk)\n"
SETTINGS = 'INSTALLED_APPS = ["shop"]\n'
APP = 'from celery import Celery\n\napp = Celery("shop")\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files: dict[str, str | bytes] = {
        "shop/tasks.py": TASK,
        "shop/settings.py": SETTINGS,
        "shop/celery.py": APP,
    }
    return write(tmp_path / "project", files)


def test_applies_and_reports(project: Path) -> None:
    result = run(project)
    assert result.exit_code == 0
    assert "1 Celery task: 1 converted, 0 stay." in result.stdout
    assert "2 files changed" in result.stdout
    assert "@task()" in (project / "shop/tasks.py").read_text()


def test_check_lists_every_site_and_writes_nothing(project: Path) -> None:
    before = tree(project)
    result = run(project, "--check")
    assert result.exit_code == 1
    assert tree(project) == before
    assert "shop/tasks.py:4: CEL101 rewrite" in result.stdout
    assert "shop/tasks.py:6: CEL201 rewrite" in result.stdout
    assert "2 files would change" in result.stdout


def test_check_of_a_finished_project_is_clean(project: Path) -> None:
    run(project)
    result = run(project, "--check")
    assert result.exit_code == 0
    assert "No Celery task is left to convert." in result.stdout


def test_diff_is_alone_on_stdout(project: Path) -> None:
    result = run(project, "--diff")
    assert result.exit_code == 1
    assert result.stdout.startswith("--- a/shop/settings.py\n+++ b/shop/settings.py\n")
    assert "1 Celery task" in result.stderr


def test_strict_fails_while_a_person_is_needed(tmp_path: Path) -> None:
    write(tmp_path, {"tasks.py": TASK.replace("@shared_task", "@shared_task(on_failure=print)")})
    assert run(tmp_path, "--no-todo").exit_code == 0
    assert run(tmp_path, "--no-todo", "--strict").exit_code == 1


def test_project_without_celery(tmp_path: Path) -> None:
    write(tmp_path, {"views.py": "def view():\n    pass\n"})
    result = run(tmp_path)
    assert result.exit_code == 0
    assert result.stderr == "No Celery found in 1 Python file. Nothing to do.\n"


def test_empty_directory(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 0
    assert "No Celery found in 0 Python files" in result.stderr


def test_missing_path(tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "does not exist. Give an existing file or directory." in result.stderr


def test_unknown_option() -> None:
    assert run("--sideways").exit_code == 2


def test_unparsable_file_is_named_and_the_others_are_rewritten(project: Path) -> None:
    write(project, {"shop/broken.py": "from celery import shared_task\ndef (:\n"})
    result = run(project)
    assert result.exit_code == 2
    assert "shop/broken.py:2: error: cannot be parsed" in result.stderr
    assert "@task()" in (project / "shop/tasks.py").read_text()
    assert (project / "shop/broken.py").read_text().endswith("def (:\n")


def test_unparsable_file_that_has_nothing_to_do_with_celery_is_ignored(project: Path) -> None:
    write(project, {"shop/broken.py": "def (:\n"})
    assert run(project).exit_code == 0


def test_file_that_cannot_be_decoded(project: Path) -> None:
    write(project, {"shop/broken.py": b"import celery\nname = '\xff\xfe'\n"})
    result = run(project)
    assert result.exit_code == 2
    assert "shop/broken.py:1: error: cannot be parsed: cannot be decoded" in result.stderr


def test_syntax_newer_than_this_python_is_understood(project: Path) -> None:
    later = "def later():\n    try:\n        pass\n    except KeyError, ValueError:\n        pass\n"
    code = f"{TASK}\n\n{later}"
    write(project, {"shop/tasks.py": code})
    assert run(project).exit_code == 0
    assert "send.enqueue(pk)" in (project / "shop/tasks.py").read_text()


def test_deep_nesting_is_understood(project: Path) -> None:
    chain = "x" + ".filter(a=1)" * 250
    write(project, {"shop/tasks.py": f"{TASK}\n\nquery = {chain}\n"})
    result = run(project)
    assert result.exit_code == 0, result.output
    assert "send.enqueue(pk)" in (project / "shop/tasks.py").read_text()


def test_excluded_files_are_left_alone(project: Path) -> None:
    before = (project / "shop/tasks.py").read_bytes()
    assert run(project, "--exclude", "shop/tasks.py").exit_code == 0
    assert (project / "shop/tasks.py").read_bytes() == before


def test_virtual_environments_are_left_alone(project: Path) -> None:
    write(project, {".venv/lib/tasks.py": TASK, "node_modules/x/tasks.py": TASK})
    run(project)
    assert (project / ".venv/lib/tasks.py").read_text() == TASK
    assert (project / "node_modules/x/tasks.py").read_text() == TASK


def test_links_are_not_followed(project: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"tasks.py": TASK})
    (project / "shop/linked.py").symlink_to(outside / "tasks.py")
    run(project)
    assert (outside / "tasks.py").read_text() == TASK


def test_mode_bits_are_kept(project: Path) -> None:
    path = project / "shop/tasks.py"
    path.chmod(0o754)
    run(project)
    assert stat.S_IMODE(path.stat().st_mode) == 0o754


def test_one_file_can_be_given(project: Path) -> None:
    result = run(project / "shop/tasks.py")
    assert result.exit_code == 0
    assert "@task()" in (project / "shop/tasks.py").read_text()
    assert (project / "shop/settings.py").read_text() == SETTINGS
    assert "CEL506" in result.stdout


def test_read_only_file_leaves_everything_as_it_was(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write everything, whatever the mode bits say.
    def access(path: Path, mode: int) -> bool:
        return mode != os.W_OK or Path(path).name != "tasks.py"

    monkeypatch.setattr(os, "access", access)
    before = tree(project)
    result = run(project)
    assert result.exit_code == 2
    assert "shop/tasks.py is read-only. Nothing was changed." in result.stderr
    assert tree(project) == before


def test_redis_priorities_when_asked_for(project: Path) -> None:
    write(project, {"shop/tasks.py": TASK.replace("@shared_task", "@shared_task(priority=9)")})
    run(project, "--broker", "redis")
    assert "@task(priority=-100)" in (project / "shop/tasks.py").read_text()


def test_named_celery_app(tmp_path: Path) -> None:
    code = TASK.replace("from celery import shared_task", "from made.elsewhere import app")
    code = code.replace("@shared_task", "@app.task")
    files: dict[str, str | bytes] = {
        "made/elsewhere.py": "from somewhere import make\n\napp = make()\n",
        "tasks.py": code,
        "settings.py": SETTINGS,
    }
    write(tmp_path, files)
    assert run(tmp_path, "--celery-app", "made.elsewhere:app").exit_code == 0
    assert "@task()" in (tmp_path / "tasks.py").read_text()
    assert '"APP": "made.elsewhere.app"' in (tmp_path / "settings.py").read_text()


def test_rules_are_listed_and_explained() -> None:
    listed = run("--list-rules").stdout.splitlines()
    assert [line[:6] for line in listed] == [rule.code for rule in RULES]
    for rule in RULES:
        explained = run("--explain", rule.code.lower())
        assert explained.exit_code == 0
        assert rule.explanation in explained.stdout


def test_unknown_rule() -> None:
    result = run("--explain", "CEL999")
    assert result.exit_code == 2
    assert "No rule 'CEL999'" in result.stderr


def test_codes_are_unique() -> None:
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))

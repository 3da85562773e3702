"""Every directory under fixtures/codemods/<library> is a case: input, and what comes out."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import libcst as cst
import pytest

from codemods.engine.diff import unified_diff
from codemods.engine.plan import FileChange, Migration, Plan, Request
from codemods.engine.writing import Journals, write
from codemods.rules.backport.codemod import BackportMigration
from codemods.rules.celery.codemod import CeleryMigration
from codemods.rules.huey.codemod import HueyMigration
from tests.codemods.support import CASES, copied, tree

MIGRATIONS: dict[str, Migration] = {
    "backport": BackportMigration(),
    "celery": CeleryMigration(),
    "huey": HueyMigration(),
}
NAMES = sorted(f"{path.parent.name}/{path.name}" for path in CASES.glob("*/*"))
_TODO = re.compile(rb"^[ \t]*# TODO\([a-z-]+: [A-Z]+\d+\):.*\n(?:[ \t]*#   .*\n)*", re.MULTILINE)


def case_files(name: str, part: str) -> dict[str, bytes]:
    return tree(CASES / name / part)


def changes(name: str) -> bool:
    return case_files(name, "input") != case_files(name, "expected")


def stays(name: str) -> bool:
    """Does the case get comments at most?"""
    expected = case_files(name, "expected")
    bare = {path: _TODO.sub(b"", data) for path, data in expected.items()}
    return bare == case_files(name, "input")


def planned(name: str, project: Path, *, todo: bool = True) -> Plan:
    # Cases whose name starts with "django_" are those of --target django, "facade_" of --facade.
    library, case = name.split("/")
    target = "django" if case.startswith("django_") else "bridge"
    facade = ("true",) if case.startswith("facade_") else ()
    options = {"target": (target,), "facade": facade}
    plan = MIGRATIONS[library].plan(Request(paths=(project,), todo=todo, options=options))
    assert not plan.problems
    return plan


@pytest.mark.parametrize("name", NAMES)
def test_case_comes_out_as_expected(name: str, tmp_path: Path) -> None:
    project = copied(CASES / name / "input", tmp_path / "project")
    plan = planned(name, project)
    assert tree(project) == case_files(name, "input"), "planning has written"

    write(plan.changes, Journals(project), "test")

    assert tree(project) == case_files(name, "expected")


@pytest.mark.parametrize("name", NAMES)
def test_expected_is_valid_python(name: str) -> None:
    for path, data in case_files(name, "expected").items():
        if path.endswith(".py"):
            assert cst.parse_module(data).bytes == data
            compile(data, path, "exec")


# Where input and expected are the same, the first test has shown it.
@pytest.mark.parametrize("name", [name for name in NAMES if changes(name)])
def test_expected_is_not_changed_again(name: str, tmp_path: Path) -> None:
    project = copied(CASES / name / "expected", tmp_path / "project")
    assert planned(name, project).changes == ()


@pytest.mark.parametrize("name", [name for name in NAMES if stays(name) and changes(name)])
def test_what_stays_is_not_touched_without_comments(name: str, tmp_path: Path) -> None:
    project = copied(CASES / name / "input", tmp_path / "project")
    assert planned(name, project, todo=False).changes == ()


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Plan]]:
    """Return a directory with the input of every case, and what is to happen to each."""
    root = tmp_path_factory.mktemp("cases")
    projects = {name: copied(CASES / name / "input", root / name) for name in NAMES}
    return root, {name: planned(name, project) for name, project in projects.items()}


def test_git_applies_the_diff_of_every_case(plans: tuple[Path, dict[str, Plan]]) -> None:
    root, planned_cases = plans
    patch: list[bytes] = []
    for name, plan in planned_cases.items():
        patch += unified_diff(below(name, change) for change in plan.changes)

    git = ["git", "apply", "-"]
    subprocess.run(git, cwd=root, input=b"".join(patch), check=True, capture_output=True)

    for name in NAMES:
        assert tree(root / name) == case_files(name, "expected"), name


def test_every_rule_speaks_in_a_case(plans: tuple[Path, dict[str, Plan]]) -> None:
    spoken: set[str] = set()
    for plan in plans[1].values():
        spoken |= {said.code for said in (*plan.sites, *plan.kept, *plan.notes)}
    rules = {rule.code for migration in MIGRATIONS.values() for rule in migration.rules}
    assert rules == spoken


def below(directory: str, change: FileChange) -> FileChange:
    return replace(change, label=f"{directory}/{change.label}")


@pytest.mark.parametrize("library", MIGRATIONS)
def test_a_third_of_the_cases_must_not_change(library: str) -> None:
    names = [name for name in NAMES if name.startswith(f"{library}/")]
    assert sum(map(stays, names)) * 3 >= len(names) > 0

"""Every directory under fixtures/codemods/celery is a case: input, and what comes out."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import libcst as cst
import pytest

from tests.codemods.support import CASES, copied, run, tree

NAMES = sorted(path.name for path in CASES.iterdir())
_TODO = re.compile(rb"^[ \t]*# TODO\(celery-to-dep: CEL\d+\):.*\n(?:[ \t]*#   .*\n)*", re.MULTILINE)


def case_files(name: str, part: str) -> dict[str, bytes]:
    return tree(CASES / name / part)


def stays(name: str) -> bool:
    """Does the case get comments at most?"""
    expected = case_files(name, "expected")
    bare = {path: _TODO.sub(b"", data) for path, data in expected.items()}
    return bare == case_files(name, "input")


@pytest.mark.parametrize("name", NAMES)
def test_case_comes_out_as_expected(name: str, tmp_path: Path) -> None:
    project = copied(CASES / name / "input", tmp_path / "project")
    result = run(project)
    assert result.exit_code == 0, result.output
    assert tree(project) == case_files(name, "expected")


@pytest.mark.parametrize("name", NAMES)
def test_expected_is_not_changed_again(name: str, tmp_path: Path) -> None:
    project = copied(CASES / name / "expected", tmp_path / "project")
    result = run(project)
    assert result.exit_code == 0, result.output
    assert tree(project) == case_files(name, "expected")


@pytest.mark.parametrize("name", NAMES)
def test_expected_compiles(name: str) -> None:
    for path, data in case_files(name, "expected").items():
        if path.endswith(".py"):
            assert cst.parse_module(data).bytes == data
            compile(data, path, "exec")


@pytest.mark.parametrize("name", NAMES)
def test_diff_writes_nothing_and_can_be_applied(name: str, tmp_path: Path) -> None:
    project = copied(CASES / name / "input", tmp_path / "project")
    result = run(project, "--diff")
    assert tree(project) == case_files(name, "input")
    changes = case_files(name, "input") != case_files(name, "expected")
    assert result.exit_code == (1 if changes else 0)
    if changes:
        patch = tmp_path / "changes.patch"
        patch.write_bytes(result.stdout_bytes)
        subprocess.run(["git", "apply", str(patch)], cwd=project, check=True)
    assert tree(project) == case_files(name, "expected")


@pytest.mark.parametrize("name", [name for name in NAMES if stays(name)])
def test_what_stays_is_not_touched_without_comments(name: str, tmp_path: Path) -> None:
    project = copied(CASES / name / "input", tmp_path / "project")
    result = run(project, "--no-todo")
    assert result.exit_code == 0, result.output
    assert tree(project) == case_files(name, "input")


def test_a_third_of_the_cases_must_not_change() -> None:
    assert sum(map(stays, NAMES)) * 3 >= len(NAMES)

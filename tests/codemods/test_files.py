"""Which files are read: what git ignores is left out, unless it is asked for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from codemods.engine.files import python_files
from tests.codemods.support import write


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = write(tmp_path / "project", {"made/tasks.py": "x = 1\n", ".gitignore": "made/\n"})
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def names(root: Path, *exclude: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in python_files([root], exclude)]


def test_ignored_files_are_left_out(repository: Path) -> None:
    assert names(repository) == []
    write(repository, {"shop/new.py": "x = 1\n"})
    assert names(repository) == ["shop/new.py"]


def test_ignored_directory_is_read_when_it_is_named(repository: Path) -> None:
    assert names(repository / "made") == ["tasks.py"]
    assert python_files([repository / "made/tasks.py"]) == [repository / "made/tasks.py"]


def test_excluded_globs_match_directories_and_files(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(("a/x.py", "a/tests/y.py", "b/x.py", "c.py"), ""))
    assert names(tmp_path, "a") == ["b/x.py", "c.py"]
    assert names(tmp_path, "*/tests/") == ["a/x.py", "b/x.py", "c.py"]
    assert names(tmp_path, "x.py") == ["a/tests/y.py", "c.py"]

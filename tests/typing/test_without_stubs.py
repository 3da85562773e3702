"""Where django-stubs are not installed, arguments and policies are checked all the same."""

from __future__ import annotations

import sysconfig
import venv
from pathlib import Path

import asgiref
import django
import pytest

import bridge
from tests.typing.checkers import mypy_errors, pyright_errors
from tests.typing.test_task_types import CASES, expected

# The other one uses Django's own class as a generic one, which it is in its stubs only.
FITTING = [path for path in CASES if path.stem != "contexts"]


def test_pyright_misses_nothing(tmp_path: Path) -> None:
    venv.create(tmp_path, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(tmp_path)}))
    for package in (asgiref, bridge, django):
        (packages / package.__name__).symlink_to(Path(package.__path__[0]).resolve())

    found = pyright_errors(FITTING, str(tmp_path / "bin" / "python"))

    assert found == {path.name: expected(path, 1) for path in FITTING}


def test_mypy_checks_arguments_and_policies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bridge").symlink_to(Path(bridge.__path__[0]).resolve())
    monkeypatch.setenv("MYPYPATH", str(tmp_path))
    paths = [path for path in CASES if path.stem in ("arguments", "policies")]

    found = mypy_errors(
        paths,
        "--config-file=",
        "--strict",
        "--no-site-packages",
        "--ignore-missing-imports",
        "--follow-imports=silent",
    )

    assert found == {path.name: expected(path, 0) for path in paths}

"""The wheel carries the three packages, typed, with their migrations, and nothing else."""

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_wheel_ships_the_three_packages_and_nothing_else(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "bridge",
        "codemods",
        "compat",
    }


@pytest.mark.parametrize("package", ["bridge", "codemods", "compat"])
def test_wheel_marks_each_package_as_typed(wheel, package):
    assert f"{package}/py.typed" in wheel.namelist()


def test_wheel_ships_every_source_file_of_the_packages(wheel):
    tracked = subprocess.run(
        ["git", "ls-files", "bridge", "codemods", "compat"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert [name for name in tracked if name not in wheel.namelist()] == []
    assert any(name.startswith("bridge/migrations/0001") for name in wheel.namelist())


def test_metadata_names_every_extra_and_the_licence(wheel):
    (name,) = [entry for entry in wheel.namelist() if entry.endswith(".dist-info/METADATA")]
    metadata = Parser().parsestr(wheel.read(name).decode())
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert set(metadata.get_all("Provides-Extra")) == {
        "celery",
        "huey",
        "django-q2",
        "codemods",
        "postgres",
        "mysql",
        "backport",
        "all",
    }


def test_pytest_finds_the_fixtures(wheel):
    (name,) = [entry for entry in wheel.namelist() if entry.endswith("entry_points.txt")]
    assert wheel.read(name).decode().split() == [
        "[pytest11]",
        "bridge",
        "=",
        "bridge.testing.pytest_plugin",
    ]
    assert "bridge/testing/pytest_plugin.py" in wheel.namelist()

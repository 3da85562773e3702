"""The pytest plugin is found by itself, and is no matter to whoever does not use it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

LEFT_OUT = {"DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS"}


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in LEFT_OUT},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_without_django_settings_nothing_of_ours_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_modules():\n"
        "    ours = {name for name in sys.modules if name.partition('.')[0] == 'bridge'}\n"
        "    assert ours == {'bridge', 'bridge.testing', 'bridge.testing.pytest_plugin'}\n"
    )

    ended = run(tmp_path, "-q")

    assert "1 passed" in ended.stdout, ended.stdout + ended.stderr


def test_fixtures_are_listed_with_what_they_are_for(tmp_path: Path) -> None:
    listed = run(tmp_path, "--fixtures").stdout

    pattern = r"^(\w+) -- .*bridge/testing/pytest_plugin.py:\d+\n    \S"
    names = {"task_capture", "run_tasks", "immediate_tasks", "dummy_tasks", "patch_enqueue"}
    assert set(re.findall(pattern, listed, re.MULTILINE)) == names


def test_plugin_can_be_left_out(tmp_path: Path) -> None:
    assert "run_tasks" not in run(tmp_path, "--fixtures", "-p", "no:bridge").stdout


def test_nothing_else_of_bridge_imports_pytest() -> None:
    code = (
        "import sys, django, bridge.testing; django.setup()\n"
        "for name in bridge.testing.__all__: getattr(bridge.testing, name)\n"
        "assert 'pytest' not in sys.modules\n"
    )

    subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=Path(__file__).parents[2],
        check=True,
    )

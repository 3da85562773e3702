"""The pre-commit hooks, and how little a commit waits for them when nothing matches."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.codemods.support import write

ROOT = Path(__file__).parents[2]
HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text()


def test_hooks_run_commands_there_are_with_options_there_are() -> None:
    entries = re.findall(r"^  entry: python -m (codemods\.\w+)(.*)$", HOOKS, re.MULTILINE)
    assert entries
    for module, options in entries:
        words = [sys.executable, "-m", module, *options.split(), "--help"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_hooks_read_the_whole_project() -> None:
    hooks = HOOKS.split("\n- id:")[1:]
    assert hooks
    assert all("pass_filenames: false" in hook for hook in hooks)


def test_nothing_heavy_is_imported_when_nothing_matches(tmp_path: Path) -> None:
    write(tmp_path, {"views.py": "x = 1\n"})
    script = (
        "import sys\nfrom codemods.celery_to_dep import command\n"
        "try:\n    command([sys.argv[1], '--check'])\nexcept SystemExit as end:\n"
        "    print(end.code, sorted({'libcst', 'yaml', 'importlib.metadata'} & sys.modules.keys()))"
    )
    words = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "0 []\n"


def test_everything_the_heavy_path_would_find_is_looked_at(tmp_path: Path) -> None:
    code = "from company import *\n\n\n@app.task\ndef later():\n    pass\n"
    write(tmp_path, {"views.py": code})
    words = [sys.executable, "-m", "codemods.celery_to_dep", str(tmp_path), "--check"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "No Celery task is left" in done.stdout

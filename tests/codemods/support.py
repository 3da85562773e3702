"""Run the codemod the way a person does, on files of a test's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from click.testing import CliRunner, Result

from codemods.celery_to_dep import command

CASES = Path(__file__).parents[2] / "fixtures" / "codemods"
"""Its directories are named after libraries, theirs after cases."""
SHOP = Path(__file__).parents[2] / "fixtures" / "projects" / "celery_shop"


def run(*args: object) -> Result:
    """Run celery_to_dep with these arguments."""
    return CliRunner().invoke(command, [str(arg) for arg in args])


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below a directory and return it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def tree(root: Path) -> dict[str, bytes]:
    """Return every file below a directory but the journals."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".git", ".codemods", "__pycache__"}.intersection(path.parts)
    }


def copied(source: Path, target: Path) -> Path:
    """Copy a directory and return the copy."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3"))
    return target

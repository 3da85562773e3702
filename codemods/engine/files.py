"""Find the Python files a codemod may touch."""

from __future__ import annotations

import fnmatch
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

SKIPPED_DIRECTORIES = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".tox",
        ".nox",
        ".venv",
        "venv",
        "env",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        "site-packages",
        ".eggs",
        "build",
        "dist",
    ]
)


class MissingPath(Exception):
    """A path given to the codemod does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{str(path)!r} does not exist. Give an existing file or directory.")


def python_files(paths: Iterable[Path], exclude: Iterable[str] = ()) -> list[Path]:
    """Return the Python files under the paths, sorted, links and excluded globs left out.

    Raises MissingPath.
    """
    patterns = tuple(exclude)
    found: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise MissingPath(path)
        if path.is_file():
            found.add(path)
            continue
        candidates = _tracked(path)
        for candidate in _walk(path) if candidates is None else candidates:
            if not _excluded(candidate, path, patterns):
                found.add(candidate)
    return sorted(found)


def _excluded(path: Path, root: Path, patterns: tuple[str, ...]) -> bool:
    if not patterns:
        return False
    relative = path.relative_to(root).as_posix()
    names = (relative, *(parent.as_posix() for parent in Path(relative).parents), path.name)
    return any(fnmatch.fnmatch(name, pattern.rstrip("/")) for pattern in patterns for name in names)


def _tracked(root: Path) -> list[Path] | None:
    """Return what git tracks or would track, None where git does not help."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    except OSError:
        return None
    if done.returncode or (not done.stdout and _ignored(root)):
        return None
    names = {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
    paths = (root / name for name in names if not _skipped(name))
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def _ignored(root: Path) -> bool:
    """Does git ignore the directory itself? Who names it wants it read."""
    command = ["git", "check-ignore", "--quiet", "."]
    return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0


def _skipped(name: str) -> bool:
    return any(_left_out(part) for part in name.split("/")[:-1])


def _left_out(directory: str) -> bool:
    return directory.startswith(".") or directory in SKIPPED_DIRECTORIES


def _walk(root: Path) -> Iterator[Path]:
    for directory, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not _left_out(name))
        for name in files:
            path = Path(directory, name)
            if name.endswith(".py") and not path.is_symlink():
                yield path

"""Name modules the way the project imports them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_ROOT_MARKS = ("manage.py", "pyproject.toml", "setup.py", "setup.cfg", ".git")


class Roots:
    """The directories from which a project's modules are imported.

    A directory is a root when it holds manage.py or packaging metadata, when it is called `src`,
    or when it was given as a path; never when it is a regular package. Packages without
    `__init__.py` count as packages, so a module's name is its path below the deepest root.
    """

    def __init__(self, paths: Iterable[Path], files: Iterable[Path]) -> None:
        self._roots: set[Path] = set()
        self._names: dict[Path, bool] = {}
        for path in paths:
            self._roots.add(_outside_package(path if path.is_dir() else path.parent))
        for directory in {parent for file in files for parent in self._below(file)}:
            if self._is_root(directory):
                self._roots.add(directory)

    def module_name(self, path: Path) -> str:
        """Return the dotted name of a file, with its `__init__` left out."""
        root = next(parent for parent in path.parents if parent in self._roots)
        parts = list(path.relative_to(root).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        return ".".join(parts)

    def adopt(self, directory: Path) -> None:
        """Import modules from this directory too."""
        self._roots.add(directory)

    def _below(self, file: Path) -> Iterable[Path]:
        for parent in file.parents:
            yield parent
            if parent in self._roots:
                break

    def _is_root(self, directory: Path) -> bool:
        if (directory / "__init__.py").exists():
            return False
        if directory.name == "src":
            return True
        return any((directory / mark).exists() for mark in _ROOT_MARKS)


def _outside_package(directory: Path) -> Path:
    """Return the directory, or what an import of it would start from."""
    start = directory
    while (start / "__init__.py").exists() and start.parent != start:
        start = start.parent
    for candidate in (start, *start.parents):
        if any((candidate / mark).exists() for mark in ("manage.py", "pyproject.toml")):
            return candidate
        if (candidate / ".git").exists() or candidate == Path.home():
            break
    return start

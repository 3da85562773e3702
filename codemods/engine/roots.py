"""Name modules the way the project imports them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

_ROOT_MARKS = ("manage.py", "pyproject.toml", "setup.py", "setup.cfg", ".git")
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*(?:\.\w+)*)", re.MULTILINE)


class Roots:
    """The directories from which a project's modules are imported.

    A directory is a root when it holds manage.py or packaging metadata, when it is called `src`,
    when it was given as a path, or when imports in the code only make sense from there; never
    when it is a regular package. Packages without `__init__.py` count as packages, so a module's
    name is its path below the deepest root.
    """

    def __init__(self, paths: Iterable[Path], files: Iterable[Path], imported: set[str]) -> None:
        self._roots: set[Path] = set()
        self._folders: dict[Path, list[Path]] = defaultdict(list)
        for file in files:
            self._folders[file.parent].append(file)
        self._prefixes: dict[Path, list[str]] = {}
        for path in paths:
            start = _outside_package(path if path.is_dir() else path.parent)
            self._roots.add(_best_base(start, imported))
        for directory in {parent for folder in self._folders for parent in self._below(folder)}:
            if _is_root(directory):
                self._roots.add(directory)
        self._adopt(imported)

    def module_names(self, path: Path) -> list[str]:
        """Return the dotted names of a file, the one below the deepest root first."""
        prefixes = self._prefixes.get(path.parent)
        if prefixes is None:
            prefixes = self._prefixes[path.parent] = [
                ".".join(path.parent.relative_to(root).parts)
                for root in path.parents
                if root in self._roots
            ]
        if path.stem == "__init__":
            return prefixes.copy()
        return [f"{prefix}.{path.stem}" if prefix else path.stem for prefix in prefixes]

    def _adopt(self, imported: set[str]) -> None:
        """Add the directories that imports take for roots although nothing marks them."""
        homes: dict[str, set[Path]] = defaultdict(set)
        packages: dict[Path, bool] = {}
        for folder, files in self._folders.items():
            inner = ""
            for directory in self._below(folder):
                if directory not in packages:
                    packages[directory] = (directory / "__init__.py").exists()
                if directory not in self._roots and not packages[directory]:
                    for name in [inner] if inner else [file.stem for file in files]:
                        homes[name].add(directory)
                inner = directory.name
        for name in imported:
            top = name.partition(".")[0]
            if "." not in name or any(_provides(root, top) for root in self._roots):
                continue
            able = [home for home in homes.get(top, ()) if _provides(home, name)]
            if len(able) == 1:
                self._roots.add(able[0])

    def _below(self, folder: Path) -> Iterator[Path]:
        """Yield a directory and those it is in, up to the topmost root."""
        above = [folder, *folder.parents]
        top = max((len(one.parts) for one in above if one in self._roots), default=0)
        for directory in above:
            if len(directory.parts) < top:
                break
            yield directory


def imported_names(data: bytes) -> set[str]:
    """Return the absolute module names a file imports, read without parsing it."""
    return {name.decode("ascii", "ignore") for name in _IMPORT.findall(data)}


def _provides(root: Path, name: str) -> bool:
    """Can a module of this name, or one it is an attribute of, be imported from the directory?"""
    parts = name.split(".")
    path = root.joinpath(*parts)
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    return len(parts) > 1 and root.joinpath(*parts[:-1]).with_suffix(".py").is_file()


def _is_root(directory: Path) -> bool:
    if (directory / "__init__.py").exists():
        return False
    return directory.name == "src" or any((directory / mark).exists() for mark in _ROOT_MARKS)


def _outside_package(directory: Path) -> Path:
    while (directory / "__init__.py").exists() and directory.parent != directory:
        directory = directory.parent
    return directory


def _best_base(start: Path, imported: set[str]) -> Path:
    """Return the directory, or the one above it, from which most imports can be resolved."""
    if _is_root(start):
        return start
    candidates = [start]
    for parent in start.parents:
        candidates.append(parent)
        if _is_root(parent):
            break
    else:
        candidates = candidates[:1]
    scores = [sum(_provides(base, name) for name in imported) for base in candidates]
    return candidates[scores.index(max(scores))]

"""Read the files of a project and name its modules."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from codemods.engine.evidence import Search
from codemods.engine.project import Project
from codemods.engine.roots import Roots, imported_names
from codemods.engine.source import Source


def load(
    paths: list[Path],
    files: list[Path],
    evidence: Search,
    libraries: frozenset[str] = frozenset(),
    overlay: Mapping[Path, bytes] = MappingProxyType({}),
) -> Project:
    """Read every file and name its module; files with evidence say how modules are imported.

    The overlay has the bytes of files that are not on disk yet.
    """
    bases = [path.resolve() if path.is_dir() else path.resolve().parent for path in paths]
    resolved = [file.resolve() for file in files]
    contents = {file: overlay[file] if file in overlay else file.read_bytes() for file in resolved}
    names: set[str] = set()
    for data in contents.values():
        if evidence.search(data):
            names |= imported_names(data)
    known = libraries | sys.stdlib_module_names
    names = {name for name in names if name.partition(".")[0] not in known}
    roots = Roots([path.resolve() for path in paths], contents, names)
    prefixes = [f"{base.as_posix().rstrip('/')}/" for base in (Path.cwd(), *bases)]
    sources = [
        Source(file, _label(file, prefixes), roots.module_names(file), data)
        for file, data in contents.items()
    ]
    return Project(sources, libraries)


def _label(path: Path, bases: list[str]) -> str:
    text = path.as_posix()
    return next((text[len(base) :] for base in bases if text.startswith(base)), text)

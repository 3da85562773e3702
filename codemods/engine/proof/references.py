"""No code looks for a name that a changed module no longer has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import libcst as cst

from codemods.engine.plan import FileChange
from codemods.engine.proof.doubt import Doubt
from codemods.engine.proof.names import names_of
from codemods.engine.source import Unparsable, parse
from codemods.engine.survey import absolute_module, dotted_name
from codemods.engine.tree import descendants

_STAR = re.compile(rb"^[ \t]*from[ \t][^#\n]*[ \t]import[ \t]*\*", re.MULTILINE)


def removed_names(changes: Sequence[FileChange]) -> dict[FileChange, frozenset[str]]:
    """Return the names each module loses."""
    lost = {}
    for change in changes:
        if change.before is not None:
            before, after = (
                names_of(change.before, change.path),
                names_of(change.after, change.path),
            )
            if gone := before.bound - after.bound:
                lost[change] = gone
    return lost


def used_without_being_there(lost: Mapping[FileChange, frozenset[str]]) -> Iterator[Doubt]:
    """Yield a doubt for each name that a module loses and still uses."""
    for change, names in lost.items():
        if _STAR.search(change.after):
            continue  # the name may come from there
        for name in sorted(names & names_of(change.after, change.path).used):
            line = _line_of(change.after, name)
            yield Doubt(change.label, line, f"it would use {name!r}, which is removed from it")


def imported_without_being_there(
    lost: Mapping[FileChange, frozenset[str]], contents: Mapping[Path, bytes]
) -> Iterator[Doubt]:
    """Yield a doubt for each module whose lost names another file imports from it."""
    modules = {module: change for change in lost for module in change.modules}
    for path, data in contents.items():
        if any(_may_import(data, change, names) for change, names in lost.items()):
            for change, name in _imports(path, data, lost, modules):
                yield Doubt(
                    change.label, 1, f"it would lose {name!r}, which {path} imports from it"
                )


def _may_import(data: bytes, change: FileChange, names: frozenset[str]) -> bool:
    """Is it worth parsing a file for imports of these names from the module?"""
    stem = b"import" if change.path.stem == "__init__" else change.path.stem.encode()
    return stem in data and any(name.encode() in data for name in names)


def _imports(
    path: Path,
    data: bytes,
    lost: Mapping[FileChange, frozenset[str]],
    modules: Mapping[str, FileChange],
) -> Iterator[tuple[FileChange, str]]:
    places = {change.path: change for change in lost}
    try:
        tree = parse(data, path)
    except Unparsable:
        return
    for node in descendants(tree):
        if isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
            change = _imported(node, path, modules, places)
            if change is None or change.path == path:
                continue
            for alias in node.names:
                if (name := dotted_name(alias.name)) in lost[change]:
                    yield change, name


def _imported(
    node: cst.ImportFrom,
    path: Path,
    modules: Mapping[str, FileChange],
    places: Mapping[Path, FileChange],
) -> FileChange | None:
    if not node.relative:
        return modules.get(absolute_module(node, ""))
    start = path.parents[len(node.relative) - 1]
    base = start.joinpath(*filter(None, dotted_name(node.module).split(".")))
    return places.get(base.with_suffix(".py")) or places.get(base / "__init__.py")


def _line_of(data: bytes, name: str) -> int:
    for number, line in enumerate(data.splitlines(), 1):
        if re.search(rb"\b%b\b" % name.encode(), line):
            return number
    return 1

"""The file of custom names, and the way settings find it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from codemods.engine.layout import code
from codemods.engine.literals import text
from codemods.engine.plan import FileChange
from codemods.engine.settings.homes import Home
from codemods.engine.source import Source

FILE = "task_aliases.toml"
_HEAD = "# The names under which {} knows these tasks. Old messages and schedules carry them.\n"


def place(home: Home, file: str = FILE) -> tuple[str, Path] | None:
    """Return the expression and the path of the file, None when BASE_DIR cannot be read."""
    bindings = home.own("BASE_DIR") or home.source.survey.scope.bindings.get("BASE_DIR", [])
    if len(bindings) != 1 or bindings[0].value is None:
        return None
    value = re.sub(r"\s+", "", code(bindings[0].value))
    base = home.source.path
    match = re.fullmatch(
        r"(?:pathlib\.)?Path\(__file__\)(?:\.resolve\(\)|\.absolute\(\))?((?:\.parent)+)", value
    )
    if match:
        levels = match.group(1).count(".parent")
        return f'BASE_DIR / "{file}"', base.parents[levels - 1] / file
    match = re.fullmatch(
        r"(?:pathlib\.)?Path\(__file__\)(?:\.resolve\(\)|\.absolute\(\))?\.parents\[(\d+)\]", value
    )
    if match:
        return f'BASE_DIR / "{file}"', base.parents[int(match.group(1))] / file
    match = re.fullmatch(
        r"((?:os\.path\.dirname\()+)(?:os\.path\.(?:abspath|realpath)\()?__file__\)+", value
    )
    if match:
        levels = match.group(1).count("dirname")
        return f'os.path.join(BASE_DIR, "{file}")', base.parents[levels - 1] / file
    return None


def label_beside(source: Source, path: Path) -> str:
    """Return the path the way the label of a file near it is written."""
    depth = len(source.path.parents) - len(path.parents)
    parts = Path(source.label).parts
    own = len(parts) - 1 - depth
    return Path(*parts[:own], path.name).as_posix() if own >= 0 else path.as_posix()


def alias_change(path: Path, label: str, names: dict[str, str], library: str) -> FileChange | None:
    """Return the change of the aliases file; names maps custom names to module paths."""
    before = path.read_bytes() if path.exists() else None
    known = tomllib.loads(before.decode()).get("aliases", {}) if before else {}
    new = {name: target for name, target in names.items() if name not in known}
    if not new:
        return None
    lines = "".join(
        f"{text(name).value} = {text(target).value}\n" for name, target in sorted(new.items())
    )
    if before is None:
        return FileChange(path, label, None, f"{_HEAD.format(library)}[aliases]\n{lines}".encode())
    start = before if before.endswith(b"\n") else before + b"\n"
    head = b"" if known else b"[aliases]\n"
    return FileChange(path, label, before, start + head + lines.encode())


def inline(names: dict[str, str]) -> str:
    """Return the names as a dict literal."""
    entries = "".join(
        f"                {text(name).value}: {text(target).value},\n"
        for name, target in sorted(names.items())
    )
    return f"{{\n{entries}            }}"

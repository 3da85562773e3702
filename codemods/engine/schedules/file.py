"""The file of schedules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codemods.engine.plan import FileChange
from codemods.engine.schedules.entry import Entry
from codemods.engine.settings.aliases import label_beside, place
from codemods.engine.settings.homes import Home

FILE = "task_schedules.json"
VERSION = 1


def inventory_place(bases: list[Home], entries: list[Entry]) -> tuple[Path, str]:
    """Return where the file is, and its label: beside manage.py, or what comes nearest."""
    for home in bases:
        found = place(home, FILE)
        if found is not None:
            return found[1], label_beside(home.source, found[1])
    source = bases[0].source if bases else entries[0].source
    top = source.path.parents[source.name.count(".")]
    if source.path.name == "__init__.py":
        top = top.parent
    near = next((up for up in source.path.parents if (up / "manage.py").exists()), top)
    return near / FILE, label_beside(source, near / FILE)


def inventory_text(entries: list[Entry], zone: str | None, library: str) -> bytes:
    """Return the file for these entries."""
    records = _unique([entry.data(zone) for entry in entries])
    data = {"version": VERSION, "library": library, "schedules": records}
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def inventory_change(path: Path, label: str, after: bytes) -> FileChange | None:
    """Return the change of the file, None when it says so already."""
    before = path.read_bytes() if path.exists() else None
    return None if before == after else FileChange(path, label, before, after)


def is_ours(path: Path, library: str) -> bool:
    """May the file be written: is it new, or one that this library's codemod wrote?"""
    try:
        data: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and data.get("library") == library


def _unique(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for record in records:
        if record not in found:
            found.append(record)
    return found

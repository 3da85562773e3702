"""Which part of a project a file belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

_MARKS = frozenset({"apps.py", "models.py", "tasks.py", "models", "migrations", "tasks"})


class Areas:
    """The Django apps of a project, told by the files they usually have."""

    def __init__(self, labels: Iterable[str]) -> None:
        self._apps: set[PurePosixPath] = set()
        for label in labels:
            path = PurePosixPath(label)
            for part in (path, *path.parents):
                if part.name in _MARKS:
                    self._apps.add(part.parent)

    def of(self, label: str) -> str:
        """Return the directory of the app a file is in, else its topmost directory."""
        path = PurePosixPath(label)
        for parent in path.parents:
            if parent in self._apps and parent.name not in _MARKS:
                return parent.as_posix()
        return path.parts[0] if len(path.parts) > 1 else "."

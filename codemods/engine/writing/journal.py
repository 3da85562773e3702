"""What one run does to which files, written down before the first of them changes."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from codemods.engine.writing.errors import WriteFailed

_FORMAT = 1


class State(StrEnum):
    """How far a run is. It is in the journal's file name: a rename needs no space on the disk."""

    WRITING = ".writing.json"
    DONE = ".json"
    UNDOING = ".undoing.json"
    UNDONE = ".undone.json"

    @property
    def unfinished(self) -> bool:
        """Was the run killed, if it does not run now?"""
        return self in (State.WRITING, State.UNDOING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a run."""

    path: str
    """Below the home of the journals, or absolute."""
    before: str | None
    """The digest of the original, None for a file to create."""
    after: str
    mode: int | None = None
    directories: tuple[str, ...] = ()
    """The directories made for it, outermost first."""


@dataclass(slots=True, kw_only=True)
class Journal:
    """The record of one run, and the originals of its files."""

    home: Path
    run: str
    tool: str
    entries: tuple[Entry, ...]
    state: State = State.WRITING

    @property
    def folder(self) -> Path:
        """Return the directory of the journals."""
        return self.home / ".codemods"

    @property
    def file(self) -> Path:
        """Return where the journal is, as long as it has this state."""
        return self.folder / f"{self.run}{self.state.value}"

    @property
    def archive(self) -> Path:
        """Return where the originals are."""
        return self.folder / f"{self.run}.zip"

    def target(self, entry: Entry) -> Path:
        """Return the file an entry is about."""
        return self.home / entry.path

    def temporary(self, index: int) -> Path:
        """Return the name a file's next content has until it takes its place."""
        return self.target(self.entries[index]).parent / f".codemods-{self.run}-{index}"

    def text(self) -> str:
        """Return the journal as it is stored."""
        record = {
            "format": _FORMAT,
            "run": self.run,
            "tool": self.tool,
            "files": [asdict(entry) for entry in self.entries],
        }
        return json.dumps(record, indent=1) + "\n"

    def original(self, index: int) -> bytes:
        """Return the bytes a file had. Raises WriteFailed."""
        import zipfile

        name = member(index, self.entries[index].path)
        try:
            with zipfile.ZipFile(self.archive) as archive:
                return archive.read(name)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise WriteFailed(
                f"{self.archive} has no {name!r} ({error}). Nothing was changed; use your version "
                "control to get the files back."
            ) from error

    def become(self, state: State) -> None:
        """Note how far the run is."""
        if state is not self.state:
            old = self.file
            self.state = state
            old.replace(self.file)

    def forget(self) -> None:
        """Remove the record of a run that changed nothing."""
        for state in State:
            (self.folder / f"{self.run}{state.value}").unlink(missing_ok=True)
        self.archive.unlink(missing_ok=True)
        if {path.name for path in self.folder.iterdir()} <= {".gitignore"}:
            (self.folder / ".gitignore").unlink(missing_ok=True)
            self.folder.rmdir()

    def clean(self) -> None:
        """Remove what a killed run left beside the files, and directories made for nothing."""
        for index, entry in enumerate(self.entries):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                self.temporary(index).unlink()
            for directory in reversed(entry.directories):
                with contextlib.suppress(OSError):  # it holds something
                    (self.home / directory).rmdir()


def read(file: Path, state: State) -> Journal:
    """Return a stored journal. Raises WriteFailed."""
    try:
        record: dict[str, Any] = json.loads(file.read_text("utf-8"))
        if record["format"] != _FORMAT:
            raise ValueError(f"format {record['format']!r}")
        entries = tuple(
            Entry(**{**item, "directories": tuple(item["directories"])}) for item in record["files"]
        )
        return Journal(
            home=file.parent.parent,
            run=record["run"],
            tool=record["tool"],
            entries=entries,
            state=state,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WriteFailed(
            f"{file} is not a journal this version can read ({error}). Move it away, or undo with "
            "the version that wrote it."
        ) from error


def member(index: int, path: str) -> str:
    """Return the name of a file in an archive."""
    return f"{index:04}/{path.lstrip('/')}"


def pack(archive: Path, contents: Sequence[tuple[str, bytes]]) -> None:
    """Write files into a new archive, safely on disk."""
    import zipfile  # only runs that write something pay for it

    with archive.open("xb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
            for name, data in contents:
                pack.writestr(name, data)
        file.flush()
        os.fsync(file.fileno())

"""The runs of a project: where their journals are, and which is the last."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from codemods.engine.writing.errors import Unfinished, WriteFailed
from codemods.engine.writing.journal import Entry, Journal, State, member, pack, read
from codemods.engine.writing.replacement import content_of, stage, sync_directory

_MARKS = (".git", ".hg")


def home_of(paths: Iterable[Path]) -> Path:
    """Return the directory whose `.codemods` keeps the journals for these paths.

    It is the top of the repository; without one it is the working directory, or what the paths
    have in common when they are not below it.
    """
    places = [path.resolve() for path in paths]
    places = [place if place.is_dir() else place.parent for place in places]
    here = Path.cwd()
    if places and not all(place.is_relative_to(here) for place in places):
        try:
            here = Path(os.path.commonpath(places))
        except ValueError:  # two drives have nothing in common
            here = places[0]
    for candidate in (here, *here.parents):
        if any((candidate / mark).exists() for mark in _MARKS):
            return candidate
    return here


class Journals:
    """The journals below one directory."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / ".codemods"

    def all(self) -> list[Journal]:
        """Return every run, the oldest first. Raises WriteFailed."""
        found = []
        for file in sorted(self.folder.glob("*.json")):
            run, _, ending = file.name.partition(".")
            states = [state for state in State if f".{ending}" == state.value]
            if states:
                found.append((run, read(file, states[0])))
        return [journal for _, journal in sorted(found, key=lambda item: item[0])]

    def unfinished(self) -> list[Journal]:
        """Return the runs that were killed while they wrote."""
        return [journal for journal in self.all() if journal.state.unfinished]

    def require_finished(self) -> None:
        """Raise Unfinished while a killed run is neither undone nor kept."""
        for journal in self.unfinished():
            raise Unfinished(journal.run, str(self.home))

    def keep(self) -> list[Journal]:
        """Take the files of killed runs as they are, and return the runs."""
        kept = self.unfinished()
        for journal in kept:
            journal.clean()
            journal.become(State.DONE)
        return kept

    def find(self, run: str | None) -> Journal:
        """Return a run by name, or the one to undo: a killed one, else the last.

        Raises WriteFailed.
        """
        runs = self.all()
        if run is None:
            if not runs:
                raise WriteFailed(f"nothing to undo: no run is recorded in {self.folder}.")
            return (self.unfinished() or runs)[-1]
        for journal in runs:
            if journal.run == run:
                return journal
        known = ", ".join(journal.run for journal in runs) or "none"
        raise WriteFailed(f"no run {run!r} in {self.folder}. Recorded: {known}.")

    def begin(self, tool: str, entries: tuple[Entry, ...], originals: dict[int, bytes]) -> Journal:
        """Record a run before it starts."""
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
        run = f"{moment}-{os.urandom(2).hex()}"
        journal = Journal(home=self.home, run=run, tool=tool, entries=entries)
        try:
            self._make_folder()
            pack(
                journal.archive,
                [(member(index, entries[index].path), data) for index, data in originals.items()],
            )
            temporary = self.folder / f"{run}.tmp"
            stage(temporary, journal.text().encode(), None, journal.file)
            temporary.replace(journal.file)
            sync_directory(self.folder)
        except BaseException:
            (self.folder / f"{run}.tmp").unlink(missing_ok=True)
            if self.folder.is_dir():
                journal.forget()
            raise
        return journal

    def _make_folder(self) -> None:
        self.folder.mkdir(exist_ok=True)
        ignore = self.folder / ".gitignore"
        if content_of(ignore) != b"*\n":
            ignore.write_text("*\n", encoding="utf-8")

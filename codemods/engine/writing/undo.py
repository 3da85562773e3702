"""Put the files of a run back as they were."""

from __future__ import annotations

import contextlib
from pathlib import Path

from codemods.engine.writing.errors import Edited, WriteFailed
from codemods.engine.writing.journal import Journal, State, member, pack
from codemods.engine.writing.replacement import content_of, digest, stage, sync_directory


def undo(journal: Journal, *, force: bool = False) -> list[str]:
    """Restore the files of a run and return their names; a second time, do nothing.

    Raises Edited for files changed since, unless forced, and WriteFailed.
    """
    if journal.state is State.UNDONE:
        return []
    try:
        return _undo(journal, force=force)
    except OSError as error:
        raise WriteFailed(
            f"run {journal.run} is not undone completely: {error}. Give --undo again once that is "
            "mended; what is left to do is known."
        ) from error


def _undo(journal: Journal, *, force: bool) -> list[str]:
    current = {
        index: content_of(journal.target(entry)) for index, entry in enumerate(journal.entries)
    }
    if edited := _edited(journal, current):
        if not force:
            raise Edited(journal.run, [journal.entries[index].path for index in edited])
        _keep_copy(journal, {index: current[index] for index in edited})
    journal.become(State.UNDOING)
    journal.clean()
    restored = put_back(journal, current)
    journal.become(State.UNDONE)
    sync_directory(journal.folder)
    return [journal.entries[index].path for index in restored]


def put_back(journal: Journal, current: dict[int, bytes | None]) -> list[int]:
    """Give each of these files that differs from its original the original, and return which."""
    changed = [
        index for index, data in current.items() if _name(data) != journal.entries[index].before
    ]
    staged: list[tuple[Path, Path]] = []
    try:
        for index in changed:
            entry = journal.entries[index]
            if entry.before is not None:
                target = journal.target(entry)
                target.parent.mkdir(parents=True, exist_ok=True)
                stage(journal.temporary(index), journal.original(index), entry.mode, target)
                staged.append((journal.temporary(index), target))
        for temporary, target in staged:
            temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            journal.clean()
        raise
    for index in changed:
        if journal.entries[index].before is None:
            journal.target(journal.entries[index]).unlink(missing_ok=True)
    journal.clean()
    for parent in {journal.target(journal.entries[index]).parent for index in changed}:
        sync_directory(parent)
    return changed


def _edited(journal: Journal, current: dict[int, bytes | None]) -> list[int]:
    return [
        index
        for index, entry in enumerate(journal.entries)
        if _name(current[index]) not in (entry.before, entry.after)
    ]


def _keep_copy(journal: Journal, edited: dict[int, bytes | None]) -> None:
    contents = [
        (member(index, journal.entries[index].path), data)
        for index, data in edited.items()
        if data is not None
    ]
    archive = journal.folder / f"{journal.run}.edited.zip"
    archive.unlink(missing_ok=True)
    pack(archive, contents)


def _name(data: bytes | None) -> str | None:
    return None if data is None else digest(data)

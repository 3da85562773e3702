"""Write the files of a plan, all of them or none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from codemods.engine.plan import FileChange
from codemods.engine.writing.errors import WriteFailed
from codemods.engine.writing.journal import Entry, Journal, State
from codemods.engine.writing.journals import Journals
from codemods.engine.writing.replacement import content_of, digest, stage, sync_directory
from codemods.engine.writing.signals import stoppable, unstoppable
from codemods.engine.writing.undo import put_back


def write(changes: Sequence[FileChange], journals: Journals, tool: str) -> Journal | None:
    """Write every change and return the run's journal, None when there was nothing to write.

    Raises WriteFailed; everything is as it was then, or the message says what to do.
    """
    changes = [change for change in changes if change.before != change.after]
    if not changes:
        return None
    with stoppable():
        try:
            journal = _begin(changes, journals, tool)
        except OSError as error:
            raise WriteFailed(f"{error}. Nothing was changed.") from error
        try:
            _replace(changes, journal)
        except BaseException as error:
            with unstoppable():
                _roll_back(journal, error)
            if isinstance(error, OSError):
                raise WriteFailed(f"{error}. Nothing was changed.") from error
            raise
    return journal


def _begin(changes: Sequence[FileChange], journals: Journals, tool: str) -> Journal:
    """Record what is to happen. Raises WriteFailed when it cannot, and OSError."""
    journals.require_finished()
    targets = [change.path.resolve() for change in changes]
    _check(changes, targets)
    entries = [
        _entry(change, target, journals.home)
        for change, target in zip(changes, targets, strict=True)
    ]
    originals = {
        index: change.before for index, change in enumerate(changes) if change.before is not None
    }
    return journals.begin(tool, tuple(entries), originals)


def linked(changes: Sequence[FileChange]) -> list[str]:
    """Return the files that have a second name, which keeps the old content."""
    found = []
    for change in changes:
        if change.before is not None and change.path.stat().st_nlink > 1:
            found.append(change.label)
    return found


def _check(changes: Sequence[FileChange], targets: Sequence[Path]) -> None:
    """Raise WriteFailed for all that can be seen to go wrong before anything is written."""
    reasons = []
    seen: dict[str, str] = {}
    for change, target in zip(changes, targets, strict=True):
        label = change.label
        # Two names of one file, where the file system does not tell upper from lower case.
        identity = _identity(target)
        current = content_of(target)
        if identity in seen:
            reasons.append(f"{label} is the same file as {seen[identity]}")
        elif change.before is None and (current is not None or os.path.lexists(change.path)):
            reasons.append(f"{label} exists already")
        elif change.before is not None and current != change.before:
            what = "removed" if current is None else "edited"
            reasons.append(f"{label} was {what} while the plan was made; run again")
        elif current is not None and not os.access(target, os.W_OK):
            reasons.append(f"{label} is read-only")
        elif target.parent.exists() and not os.access(target.parent, os.W_OK):
            reasons.append(f"the directory of {label} is read-only")
        seen.setdefault(identity, label)
    if reasons:
        raise WriteFailed(f"{'; '.join(reasons)}. Nothing was changed.")


def _identity(target: Path) -> str:
    try:
        status = target.stat()
    except OSError:
        return os.path.normcase(target)
    single = status.st_nlink == 1 and status.st_ino
    return f"{status.st_dev}:{status.st_ino}" if single else os.path.normcase(target)


def _entry(change: FileChange, target: Path, home: Path) -> Entry:
    made = []
    directory = target.parent
    while not directory.exists():
        made.append(_below(directory, home))
        directory = directory.parent
    old = change.before
    return Entry(
        path=_below(target, home),
        before=None if old is None else digest(old),
        after=digest(change.after),
        mode=None if old is None else target.stat().st_mode & 0o7777,
        directories=tuple(reversed(made)),
    )


def _below(path: Path, home: Path) -> str:
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.as_posix()


def _replace(changes: Sequence[FileChange], journal: Journal) -> None:
    """Write every new content beside its file, then rename them all: no disk fills up between."""
    for index, change in enumerate(changes):
        entry = journal.entries[index]
        target = journal.target(entry)
        target.parent.mkdir(parents=True, exist_ok=True)
        stage(journal.temporary(index), change.after, entry.mode, target)
    for index, change in enumerate(changes):
        target = journal.target(journal.entries[index])
        if content_of(target) != change.before:
            raise OSError(f"{change.label} was edited while the others were written; run again")
        journal.temporary(index).replace(target)
    for directory in {journal.target(entry).parent for entry in journal.entries}:
        sync_directory(directory)
    journal.become(State.DONE)
    sync_directory(journal.folder)


def _roll_back(journal: Journal, cause: BaseException) -> None:
    """Put back what was written. Raises WriteFailed when that fails too."""
    try:
        journal.clean()
        written: dict[int, bytes | None] = {}
        for index, entry in enumerate(journal.entries):
            current = content_of(journal.target(entry))
            if current is not None and digest(current) == entry.after:
                written[index] = current
        put_back(journal, written)
        journal.forget()
    except (OSError, WriteFailed) as error:
        raise WriteFailed(
            f"{str(cause) or type(cause).__name__}, and then {error}. Some files may be changed: "
            "give --undo to put them back."
        ) from cause
